"""Stage 11's first half: what a permit demanded is done, or the call is denied. It makes no demands of its own.

Known kinds: `redact` (`{"paths": [pointers, "*" for every item], "replacement"?}`, over the result), `annotate`
(`{name: text}`, shown in the result's `_meta`), `require-approval` (no approver is built yet, so no answer: deny).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.obligations import Annotate, Redact
from mcpg.pipeline.told import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.pipeline.policy import Duty

__all__ = ["apply", "unmet"]

META = OURS + "annotations"


_KINDS: dict[str, type[msgspec.Struct]] = {"redact": Redact, "annotate": Annotate}


def unmet(obligations: Sequence[Duty]) -> str | None:
    """Return why an obligation cannot be met, before anything happens; None when all can."""
    for obligation in obligations:
        if obligation.kind == "require-approval":
            return "an approval is required and no approver is configured"
        model = _KINDS.get(obligation.kind)
        if model is None:
            return f"obligation `{obligation.kind}` is not known to this gateway"
        try:
            detail = msgspec.convert(obligation.detail, model)
            if isinstance(detail, Redact):
                for path in detail.paths:
                    _parts(path)
        except ValueError as error:
            return f"obligation `{obligation.kind}` is outside its schema: {error}"
    return None


def apply(obligations: Sequence[Duty], result: dict[str, Any]) -> dict[str, Any]:
    """Return the result with every obligation met; `ValueError` when one cannot be."""
    for obligation in obligations:
        if obligation.kind == "redact":
            detail = msgspec.convert(obligation.detail, Redact)
            for path in detail.paths:
                result = _redacted(result, _parts(path), detail.replacement)
        elif obligation.kind == "annotate":
            notes = msgspec.convert(obligation.detail, Annotate).notes
            meta = _object(result.get("_meta"))
            result = {**result, "_meta": {**meta, META: {**_object(meta.get(META)), **notes}}}
        else:
            raise ValueError(f"obligation `{obligation.kind}` is not known to this gateway")
    return result


def _parts(pointer: str) -> list[str]:
    if not pointer.startswith("/"):
        raise ValueError(f"`{pointer}` is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _redacted(result: dict[str, Any], parts: list[str], replacement: str) -> dict[str, Any]:
    """Return the result redacted at one place; text blocks repeat `structuredContent` as JSON, so there too."""
    redacted: dict[str, Any] = _redact(result, parts, replacement)
    blocks = redacted.get("content")
    if parts[0] != "structuredContent" or len(parts) == 1 or not isinstance(blocks, list):
        return redacted
    return {**redacted, "content": _redact(blocks, ["*", "text", *parts[1:]], replacement)}


def _redact(value: Any, parts: list[str], replacement: str) -> Any:
    if not parts:
        return replacement
    head, rest = parts[0], parts[1:]
    if isinstance(value, dict):
        names = list(value) if head == "*" else [head] if head in value else []
        return {**value, **{name: _redact(value[name], rest, replacement) for name in names}}
    if isinstance(value, list):
        number = int(head) if head.isascii() and head.isdigit() else len(value)
        wanted = range(len(value)) if head == "*" else [number] if number < len(value) else []
        changed = list(value)
        for index in wanted:
            changed[index] = _redact(value[index], rest, replacement)
        return changed
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        return _inside_text(value, parts, replacement)
    return value


def _inside_text(text: str, parts: list[str], replacement: str) -> str:
    """A text block that is JSON holds the same data as `structuredContent`: the pointer goes on inside it."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    except RecursionError as error:
        raise ValueError("a text block is nested too deep to be redacted") from error
    return msgspec.json.encode(_redact(value, parts, replacement)).decode()
