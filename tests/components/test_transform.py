"""The redaction component through the sandbox: nothing of what a pattern or a field names comes out."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MAIL = "ana.b@mail.example.com"
CARD = "4111 1111 1111 1111"


def outcome(result: Any) -> dict[str, Any]:
    return {"status": "ok", "result": result, "problem": ""}


@pytest.mark.parametrize(
    "result",
    [
        {"content": [{"type": "text", "text": f"to {MAIL}!"}]},
        {"content": [{"type": "text", "text": json.dumps({"to": MAIL}).replace("@", "\\u0040")}]},
        {"content": [], "structuredContent": {"rows": [{MAIL: {"deep": [MAIL]}}]}},
        {"contents": [{"uri": "x:y", "blob": base64.b64encode(MAIL.encode()).decode()}]},
        {"content": [{"type": "resource", "resource": {"uri": "x:y", "text": MAIL}}], "_meta": {MAIL: 1}},
        {"messages": [{"role": "user", "content": {"type": "text", "text": MAIL}}]},
        {"content": [{"type": "text", "text": json.dumps(json.dumps({"to": MAIL}))}]},
    ],
)
async def test_no_address_comes_out(plugin: Callable[[str, Any], Awaitable[Any]], result: Any) -> None:
    redact = await plugin("transform-redact", {"patterns": ["email"]})
    tag, changed = await redact.ask("after", {}, {}, outcome(result), replies=[])
    assert tag == "changed"
    for encoded in (MAIL, MAIL.replace("@", "\\u0040"), base64.b64encode(MAIL.encode()).decode()):
        assert encoded not in changed


async def test_numbers_and_fields(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    config = {"patterns": ["credit-card"], "fields": ["/rows/*/ssn"], "replacement": "#"}
    redact = await plugin("transform-redact", config)
    document = {"rows": [{"ssn": 1, "card": 4111111111111111}, {"ssn": None, "card": CARD}]}
    result = {"content": [{"type": "text", "text": json.dumps(document)}], "structuredContent": document}
    tag, changed = await redact.ask("after", {}, {}, outcome(result), replies=[])
    expected = {"rows": [{"ssn": "#", "card": "#"}, {"ssn": "#", "card": "#"}]}
    assert tag == "changed"
    assert json.loads(changed)["structuredContent"] == expected
    assert json.loads(json.loads(changed)["content"][0]["text"]) == expected


async def test_what_holds_nothing_is_unchanged(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    redact = await plugin("transform-redact", {"patterns": ["email", "credit-card", "phone", "ipv4", "jwt", "aws-key"]})
    result = {"content": [{"type": "text", "text": "all is well at 12:30 on 2026-11-21, order 1234567890, v1.2.3"}]}
    assert (await redact.ask("after", {}, {}, outcome(result), replies=[])).tag == "unchanged"
    assert (await redact.ask("after", {}, {}, outcome(None), replies=[])).tag == "unchanged"
    assert (await redact.ask("before", {}, {"arguments": {"to": MAIL}}, replies=[])).tag == "unchanged"


async def test_arguments_on_the_way_in(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    redact = await plugin("transform-redact", {"patterns": ["email"], "direction": "in"})
    answer = await redact.ask("before", {}, {"arguments": {"to": MAIL, "n": 1}}, replies=[])
    assert answer == ("changed", '{"to":"[redacted]","n":1}')


async def test_large_bodies_stay_within_the_time_of_the_manifest(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    names = ["email", "credit-card", "phone", "ipv4", "jwt", "aws-key", {"name": "own", "regex": "(a|b)*c@@"}]
    redact = await plugin("transform-redact", {"patterns": names})
    for text in (
        "@" * 50_000,
        "1 " * 50_000,
        "4" * 100_000,
        "eyJ" * 30_000,
        "AKIA" * 20_000,
        "a" * 20_000,
        "." * 100_000,
    ):
        result = {"content": [{"type": "text", "text": text}]}
        assert (await redact.ask("after", {}, {}, outcome(result), replies=[])).tag in {"changed", "unchanged"}
    assert redact.pool.stats.traps == 0


async def test_deep_documents_inside_texts_neither_trap_nor_pass(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    redact = await plugin("transform-redact", {"patterns": ["email"]})
    text = MAIL
    for _ in range(3):
        text = '{"a":[' * 55 + json.dumps(text) + "]}" * 55
    tag, changed = await redact.ask("after", {}, {}, outcome({"content": [{"type": "text", "text": text}]}), replies=[])
    assert tag == "changed"
    assert MAIL not in changed
    too_deep = '{"status": "ok", "result": ' + '{"a":' * 500 + "1" + "}" * 501
    answer = await redact.ask("after", {}, {}, too_deep, replies=[])
    assert (answer.tag, redact.pool.stats.traps) == ("failed", 0)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=JSON)
async def test_any_document_with_an_address_in_it_loses_the_address(
    plugin: Callable[[str, Any], Awaitable[Any]], document: Any
) -> None:
    redact = await plugin("transform-redact", {"patterns": ["email"]})
    result = {"content": [], "structuredContent": {"a": document, "b": [MAIL]}}
    tag, changed = await redact.ask("after", {}, {}, outcome(result), replies=[])
    assert tag == "changed"
    assert MAIL not in changed
    if "@" not in json.dumps(document, ensure_ascii=False):
        assert json.loads(changed)["structuredContent"]["a"] == document
    await redact.pool.close()
