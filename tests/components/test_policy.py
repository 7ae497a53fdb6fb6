"""The Cedar component through the sandbox: decisions, errors that deny, obligations, what may be seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SOURCES = Path(__file__).resolve().parents[2] / "plugins-src" / "components" / "policy-cedar"
ALL = "permit(principal, action, resource);"
CALLER = {
    "id": "ana",
    "kind": "user",
    "how": {"credential": "api-key", "plugin": "keys"},
    "trust": "verified",
    "issuer": "",
    "tenant": "default",
    "groups": ["analysts"],
    "roles": [],
    "scopes": [],
    "attributes": {"team": "x"},
}


def action(name: str = "search", arguments: Any = None) -> dict[str, Any]:
    return {
        "method": "tools/call",
        "kind": "tool",
        "name": name,
        "backend": "sales",
        "upstream": "",
        "annotations": {"readOnlyHint": True},
        "session": "s1",
        "era": "legacy",
        "arguments": arguments,
        "run": None,
    }


def config(*policies: str, **more: Any) -> dict[str, Any]:
    return {"policies": [{"name": f"{n}.cedar", "text": text} for n, text in enumerate(policies)], **more}


async def test_permits_denies_and_says_why(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    forbid = '@id("short") @reason("ask for less") forbid(principal, action, resource) when {context.arguments.n > 5};'
    cedar = await plugin(
        "policy-cedar", config('permit(principal in Mcpg::Group::"analysts", action, resource);', forbid)
    )
    assert (await cedar.ask("decide", CALLER, action(arguments={"n": 5}), replies=[])) == ("permit", [])
    denied = await cedar.ask("decide", CALLER, action(arguments={"n": 6}), replies=[])
    assert (denied.tag, denied.value.code, denied.value.message) == ("deny", "policy-denied", "ask for less (`short`)")
    other = await cedar.ask("decide", {**CALLER, "groups": []}, action(arguments={"n": 1}), replies=[])
    assert (other.tag, other.value.message) == ("deny", "no policy permits this")


@pytest.mark.parametrize("arguments", [{}, {"n": "6"}, {"n": None}, {"n": 1e300}, {"n": 0.123456}])
async def test_a_forbid_that_errs_denies(plugin: Callable[[str, Any], Awaitable[Any]], arguments: Any) -> None:
    cedar = await plugin(
        "policy-cedar", config(ALL, "forbid(principal, action, resource) when {context.arguments.n > 5};")
    )
    denied = await cedar.ask("decide", CALLER, action(arguments=arguments), replies=[])
    assert (denied.tag, denied.value.code) == ("deny", "policy-error")


async def test_obligations(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    permit = '@obligation("redact") @detail("{\\"paths\\": [\\"/a\\"]}") permit(principal, action, resource);'
    cedar = await plugin("policy-cedar", config(permit))
    tag, obligations = await cedar.ask("decide", CALLER, action(), replies=[])
    assert tag == "permit"
    assert [(o.kind, json.loads(o.detail)) for o in obligations] == [("redact", {"paths": ["/a"]})]


async def test_only_what_no_arguments_could_permit_is_hidden(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    policies = """
        permit(principal, action, resource == Mcpg::Tool::"open");
        permit(principal, action, resource == Mcpg::Tool::"some") when { context.arguments.n < 5 };
        permit(principal in Mcpg::Group::"admins", action, resource == Mcpg::Tool::"admin");
    """
    cedar = await plugin("policy-cedar", config(policies))
    actions = [action(name) for name in ("open", "some", "admin", "gone")] * 64
    assert await cedar.ask("see", CALLER, actions, replies=[]) == ("seen", "ppdd" * 64)


@pytest.mark.parametrize("levels", [60, 120, 5000])
async def test_deep_arguments_neither_trap_nor_permit_by_accident(
    plugin: Callable[[str, Any], Awaitable[Any]], levels: int
) -> None:
    touching = 'forbid(principal, action, resource) when { context.arguments == {"a": 1} };'
    cedar = await plugin("policy-cedar", config(ALL, touching))
    deep = '{"a":' * levels + "1" + "}" * levels
    text = json.dumps(action()).replace('"arguments": null', f'"arguments": {deep}')
    answer = await cedar.ask("decide", CALLER, text, replies=[])
    assert answer.tag == ("permit" if levels < 128 else "failed")
    assert cedar.pool.state == "ready"


async def test_policies_are_checked_against_the_schema(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    schema = {"name": "mcpg.cedarschema", "text": (SOURCES / "schema.cedarschema").read_text()}
    scope = 'principal, action == Mcpg::Action::"tools/call", resource'
    good = f"permit({scope}) when {{ context.arguments has limit && context.arguments.limit < 5 }};"
    cedar = await plugin("policy-cedar", config(good, schema=schema))
    assert (await cedar.ask("decide", CALLER, action(arguments={"limit": 4}), replies=[])).tag == "permit"
    with pytest.raises(PluginRefused, match=r"0\.cedar:2:8: .*nmae"):
        await plugin("policy-cedar", config(f"permit({scope})\nwhen {{ principal.nmae == 1 }};", schema=schema))


async def test_a_notice_needs_no_permit_and_what_a_client_is_asked_does(
    plugin: Callable[[str, Any], Awaitable[Any]],
) -> None:
    schema = {"name": "mcpg.cedarschema", "text": (SOURCES / "schema.cedarschema").read_text()}
    asks = 'permit(principal, action == Mcpg::Action::"elicitation/create", resource) when {context.era != ""};'
    quiet = 'forbid(principal, action == Mcpg::Action::"notifications/message", resource);'
    cedar = await plugin("policy-cedar", config(asks, quiet, schema=schema))
    told = {}
    for method in ("elicitation/create", "roots/list", "notifications/progress", "notifications/message"):
        asked = {**action(arguments={"mode": "form"}), "method": method}
        told[method] = (await cedar.ask("decide", CALLER, asked, replies=[])).tag
    assert list(told.values()) == ["permit", "deny", "abstain", "deny"]


async def test_entities_of_the_operator(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    entities = [
        {
            "uid": {"type": "Mcpg::Group", "id": "analysts"},
            "attrs": {},
            "parents": [{"type": "Mcpg::Group", "id": "staff"}],
        }
    ]
    policy = 'permit(principal in Mcpg::Group::"staff", action, resource);'
    cedar = await plugin("policy-cedar", config(policy, entities=entities))
    assert (await cedar.ask("decide", CALLER, action(), replies=[])).tag == "permit"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"method": 5}', "null"])
async def test_documents_that_are_none_fail(plugin: Callable[[str, Any], Awaitable[Any]], text: str) -> None:
    cedar = await plugin("policy-cedar", config(ALL))
    assert (await cedar.ask("decide", CALLER, text, replies=[])).tag == "failed"
    assert (await cedar.ask("decide", text, action(), replies=[])).tag == "failed"
    assert (await cedar.ask("see", CALLER, f"[{text or 5}]", replies=[])).tag == "failed"
    assert cedar.pool.stats.traps == 0


async def test_many_callers_are_told_apart(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    cedar = await plugin("policy-cedar", config('permit(principal == Mcpg::Caller::"u7", action, resource);'))
    for turn in range(2):
        tags = [(await cedar.ask("decide", {**CALLER, "id": f"u{n}"}, action(), replies=[])).tag for n in range(150)]
        assert tags == ["permit" if n == 7 else "deny" for n in range(150)], turn
