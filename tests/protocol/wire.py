"""What each version's schema wants of what we send: the SDK's models for the two newest, own compact ones for all five.

The compact schemas are written from schema.ts by hand, apart from the tables of the code, so that both would have to be
wrong in the same way. They also say what a version must not see yet.
"""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import jsonschema_rs
import msgspec
from mcp_types.methods import CLIENT_RESULTS, SERVER_REQUESTS, SERVER_RESULTS
from pydantic import TypeAdapter, ValidationError

V1, V2, V3, V4, V5 = "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
WHOLE: Json = {"type": "integer"}
NUMBER: Json = {"type": "number"}
SHARE: Json = {"type": "number", "minimum": 0, "maximum": 1}
ANY_OBJECT: Json = {"type": "object"}
ROLE: Json = {"enum": ["user", "assistant"]}


def faults_of_result(method: str, version: str, result: Json) -> list[str]:
    """Return what is wrong with a result on the wire."""
    found = _own_faults(f"result {_kind_of(method, version, result)}", version, result)
    models = SERVER_RESULTS.get((method, version))
    if models is None or version not in {V4, V5} or result.get("resultType", "complete") not in {"complete", ASKING}:
        return found
    parts = get_args(models) or (models,)
    return found + _model_faults(parts[-1] if result.get("resultType") == ASKING else parts[0], result)


def faults_of_ask(method: str, version: str, params: Json) -> list[str]:
    """Return what is wrong with the params of a request to a client."""
    mode = " url" if params.get("mode") == "url" else ""
    found = _own_faults(f"ask {method}{mode}", version, params)
    model = SERVER_REQUESTS.get((method, version))
    lacks_id = mode and "elicitationId" not in params  # the caller mints it
    if model is None or version != V4 or lacks_id:
        return found
    return found + _model_faults(model, {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def faults_of_answer(method: str, version: str, result: Json) -> list[str]:
    """Return what is wrong with a client's answer."""
    found = _own_faults(f"answer {method}", version, result)
    model = CLIENT_RESULTS.get((method, version))
    return found if model is None or version != V4 else found + _model_faults(model, result)


ASKING = "input_required"


def _kind_of(method: str, version: str, result: Json) -> str:
    kind = result.get("resultType", "complete")
    return method if kind == "complete" or version != V5 else str(kind)


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _model_faults(model: Any, value: Json) -> list[str]:
    try:
        _adapter(model).validate_json(msgspec.json.encode(value), strict=True)
    except ValidationError as error:
        return [f"{fault['loc']}: {fault['msg']}" for fault in error.errors()[:5]]
    return []


def _own_faults(name: str, version: str, value: Json) -> list[str]:
    validator = _validator(name, version)
    if validator is None:
        return []
    return [f"{error.instance_path}: {str(error.message)[:200]}" for error in validator.iter_errors(value)]


@cache
def _validator(name: str, version: str) -> Any:
    schema = schemas_of(version).get(name)
    return None if schema is None else jsonschema_rs.validator_for(schema)


def _obj(required: str = "", absent: str = "", /, **members: Json | None) -> Json:
    """An object: `required` and `absent` name members by words, `members` without a schema are those of no version."""
    properties: Json = {name: False if schema is None else schema for name, schema in members.items()}
    properties |= dict.fromkeys(absent.split(), False)
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _typed(kind: str, schema: Json) -> Json:
    return {
        **schema,
        "required": ["type", *schema["required"]],
        "properties": {"type": {"const": kind}} | schema["properties"],
    }


@cache
def schemas_of(version: str) -> dict[str, Json]:
    """Return the compact schemas of one version by what they are for."""
    parts = _parts(version)
    return {**_results(version, parts), **_asks(version, parts)}


def _parts(version: str) -> dict[str, Json]:
    june, november = version >= V3, version >= V4
    meta = ANY_OBJECT if june else None
    title = TEXT if june else None
    icon = _obj("src", src=TEXT, mimeType=TEXT, sizes=_list(TEXT), theme={"enum": ["light", "dark"]})
    notes = _obj(audience=_list(ROLE), priority=SHARE, lastModified=TEXT if june else None)
    entry = {
        "name": TEXT,
        "title": title,
        "description": TEXT,
        "_meta": meta,
        "icons": _list(icon) if november else None,
    }
    resource = {**entry, "mimeType": TEXT, "annotations": notes}
    contents = {**_obj("uri", uri=TEXT, mimeType=TEXT, text=TEXT, blob=TEXT, _meta=meta)}
    contents["anyOf"] = [{"required": ["text"]}, {"required": ["blob"]}]
    media = _obj("data mimeType", data=TEXT, mimeType=TEXT, annotations=notes, _meta=meta)
    text = _typed("text", _obj("text", text=TEXT, annotations=notes, _meta=meta))
    embedded = _typed("resource", _obj("resource", resource=contents, annotations=notes, _meta=meta))
    link = _typed("resource_link", _obj("uri name", uri=TEXT, size=WHOLE, **resource))
    image, audio = _typed("image", media), _typed("audio", media)
    blocks = [text, image, embedded] + [audio] * (version >= V2) + [link] * june
    block = {"oneOf": blocks}
    root = _obj("type", type={"const": "object"})
    if version != V5:
        named = {"type": "object", "additionalProperties": ANY_OBJECT}
        root["properties"] |= {"properties": named, "required": _list(TEXT)}
    hints = _obj(title=TEXT, readOnlyHint=FLAG, destructiveHint=FLAG, idempotentHint=FLAG, openWorldHint=FLAG)
    tool = _obj(
        "name inputSchema",
        inputSchema=root,
        outputSchema=None if not june else ANY_OBJECT if version == V5 else root,
        annotations=hints if version >= V2 else None,
        **entry,
    )
    argument = _obj("name", name=TEXT, title=title, description=TEXT, required=FLAG)
    return {
        "block": block,
        "tool": tool,
        "contents": contents,
        "sampling": _sampling_content(version, [text, image] + [audio] * (version >= V2), block),
        "prompt": _obj("name", arguments=_list(argument), **entry),
        "resource": _obj("uri name", uri=TEXT, size=WHOLE, **resource),
        "template": _obj("uriTemplate name", uriTemplate=TEXT, **resource),
    }


def _sampling_content(version: str, blocks: list[Json], block: Json) -> Json:
    if version < V4:
        return {"oneOf": blocks}
    use = _typed("tool_use", _obj("id name input", id=TEXT, name=TEXT, input=ANY_OBJECT, _meta=ANY_OBJECT))
    structured: Json = {} if version == V5 else ANY_OBJECT
    answer = _obj("toolUseId content", toolUseId=TEXT, content=_list(block), isError=FLAG, structuredContent=structured)
    one = {"oneOf": [*blocks, use, _typed("tool_result", answer)]}
    return {"oneOf": [one, _list(one)]}


def _results(version: str, parts: dict[str, Json]) -> dict[str, Json]:
    modern = version == V5
    base: dict[str, Json | None] = {
        "_meta": ANY_OBJECT,
        "resultType": {"const": "complete"} if modern else None,
        "ttlMs": {"type": "integer", "minimum": 0} if modern else None,
        "cacheScope": {"enum": ["public", "private"]} if modern else None,
    }
    always = "resultType " if modern else ""
    cached = always + ("ttlMs cacheScope " if modern else "")
    page = {**base, "nextCursor": TEXT}
    structured = {} if modern else ANY_OBJECT if version >= V3 else None
    completion = _obj("values", values={**_list(TEXT), "maxItems": 100}, total=WHOLE, hasMore=FLAG)
    message = _obj("role content", role=ROLE, content=parts["block"])
    return {
        "result tools/list": _obj(cached + "tools", tools=_list(parts["tool"]), **page),
        "result prompts/list": _obj(cached + "prompts", prompts=_list(parts["prompt"]), **page),
        "result resources/list": _obj(cached + "resources", resources=_list(parts["resource"]), **page),
        "result resources/templates/list": _obj(
            cached + "resourceTemplates", resourceTemplates=_list(parts["template"]), **page
        ),
        "result resources/read": _obj(cached + "contents", contents=_list(parts["contents"]), **base),
        "result tools/call": _obj(
            always + "content", content=_list(parts["block"]), structuredContent=structured, isError=FLAG, **base
        ),
        "result prompts/get": _obj(always + "messages", messages=_list(message), description=TEXT, **base),
        "result completion/complete": _obj(always + "completion", completion=completion, **base),
        "result input_required": _obj("resultType", "ttlMs cacheScope", inputRequests=ANY_OBJECT, requestState=TEXT),
        "result ping": _obj(always, **base),
    }


def _asks(version: str, parts: dict[str, Json]) -> dict[str, Json]:
    november = version >= V4
    message = _obj("role content", role=ROLE, content=parts["sampling"], _meta=ANY_OBJECT if november else None)
    shares = _obj(costPriority=SHARE, speedPriority=SHARE, intelligencePriority=SHARE, hints=_list(_obj(name=TEXT)))
    sample = _obj(
        "messages maxTokens",
        messages=_list(message),
        maxTokens=WHOLE,
        modelPreferences=shares,
        systemPrompt=TEXT,
        includeContext={"enum": ["none", "thisServer", "allServers"]},
        temperature=NUMBER,
        stopSequences=_list(TEXT),
        metadata=ANY_OBJECT,
        tools=_list(parts["tool"]) if november else None,
        toolChoice=_obj(mode={"enum": ["auto", "required", "none"]}) if november else None,
        task=None,
    )
    asks: dict[str, Json] = {
        "ask sampling/createMessage": sample,
        "ask roots/list": _obj(_meta=ANY_OBJECT),
        "answer sampling/createMessage": _obj(
            "role content model", role=ROLE, content=parts["sampling"], model=TEXT, stopReason=TEXT
        ),
        "answer roots/list": _obj(
            "roots", roots=_list(_obj("uri", uri=TEXT, name=TEXT, _meta=ANY_OBJECT if version >= V3 else None))
        ),
    }
    if version >= V3:
        asks["ask elicitation/create"] = _form(version)
        values: list[Json] = [TEXT, NUMBER, FLAG] + [_list(TEXT)] * november
        content = {"type": "object", "additionalProperties": {"anyOf": values}}
        asks["answer elicitation/create"] = _obj(
            "action", action={"enum": ["accept", "decline", "cancel"]}, content=content
        )
    if november:
        identity = TEXT if version == V4 else None
        url = _obj("mode message url", mode={"const": "url"}, message=TEXT, url=TEXT, elicitationId=identity)
        asks["ask elicitation/create url"] = url
    return asks


def _form(version: str) -> Json:
    rich = version >= V4
    names = {"title": TEXT, "description": TEXT}
    titled = _list(_obj("const title", const=TEXT, title=TEXT))
    text = _obj(
        "type",
        type={"const": "string"},
        format={"enum": ["email", "uri", "date", "date-time"]},
        minLength=WHOLE,
        maxLength=WHOLE,
        enum=_list(TEXT),
        enumNames=_list(TEXT),
        oneOf=titled if rich else None,
        default=TEXT if rich else None,
        **names,
    )
    number = _obj(
        "type", type={"enum": ["number", "integer"]}, minimum=NUMBER, maximum=NUMBER, default=NUMBER if rich else None
    )
    flag = _obj("type", type={"const": "boolean"}, default=FLAG, **names)
    choices = _obj(
        "type items",
        type={"const": "array"},
        items={"anyOf": [_obj("type enum", type={"const": "string"}, enum=_list(TEXT)), _obj("anyOf", anyOf=titled)]},
        minItems=WHOLE,
        maxItems=WHOLE,
        default=_list(TEXT),
        **names,
    )
    kinds = [text, number, flag] + [choices] * rich
    schema = _obj(
        "type properties",
        type={"const": "object"},
        properties={"type": "object", "additionalProperties": {"oneOf": kinds}},
        required=_list(TEXT),
    )
    return _obj(
        "message requestedSchema",
        "url elicitationId task",
        message=TEXT,
        requestedSchema=schema,
        mode={"const": "form"} if rich else None,
    )
