"""The identity components through the sandbox: who is known, who is left to others, who is turned away."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from mcpg.contract.documents import Caller
from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

KEY = "mcpg_" + "a" * 43
HASH = "sha256:" + hashlib.sha256(KEY.encode()).hexdigest()


def credentials(*, local: bool = True, **headers: str) -> dict[str, Any]:
    return {
        "transport": "http",
        "peer": {"address": "127.0.0.1", "local": local, "certificates": [], "names": []},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "run": None,
    }


async def test_a_known_key_is_a_verified_caller(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    keys = await plugin("identity-api-key", {"keys": [{"id": "ana", "hash": HASH, "groups": ["analysts"]}]})
    for request in (credentials(authorization=f"Bearer {KEY}"), credentials(x_api_key=KEY)):
        answer = await keys.ask("identify", request, replies=[])
        assert answer.tag == "caller"
        caller = msgspec.json.decode(answer.value, type=Caller)
        assert (caller.id, caller.kind, caller.trust, caller.tenant) == ("ana", "user", "verified", "default")
        assert caller.groups == ("analysts",)
        assert KEY not in answer.value


@pytest.mark.parametrize(
    ("headers", "tag"),
    [
        ({}, "abstain"),
        ({"authorization": "Basic YTpi"}, "abstain"),
        ({"authorization": "Bearer eyJhbGciOi"}, "abstain"),
        ({"authorization": "Bearer mcpg_unknown"}, "reject"),
        ({"x_api_key": "unknown"}, "reject"),
        ({"x_api_key": KEY, "authorization": "Bearer mcpg_other"}, "reject"),
    ],
)
async def test_other_credentials(
    plugin: Callable[[str, Any], Awaitable[Any]], headers: dict[str, str], tag: str
) -> None:
    keys = await plugin("identity-api-key", {"keys": [{"id": "ana", "hash": HASH}]})
    assert (await keys.ask("identify", credentials(**headers), replies=[])).tag == tag


async def test_a_hash_that_is_none_is_refused(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    with pytest.raises(PluginRefused, match="64 lower-case hexadecimal digits"):
        await plugin("identity-api-key", {"keys": [{"id": "ana", "hash": "sha256:00"}]})


async def test_anonymous_is_for_loopback_without_a_credential(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    anonymous = await plugin("identity-anonymous", {"groups": ["guests"]})
    answer = await anonymous.ask("identify", credentials(), replies=[])
    caller = msgspec.json.decode(answer.value, type=Caller)
    assert (caller.kind, caller.trust, caller.groups) == ("anonymous", "anonymous", ("guests",))
    assert (await anonymous.ask("identify", credentials(local=False), replies=[])).tag == "abstain"
    for headers in ({"authorization": "Bearer x"}, {"x_api_key": "x"}):
        assert (await anonymous.ask("identify", credentials(**headers), replies=[])).tag == "reject"


async def test_a_document_that_is_none_fails(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    keys = await plugin("identity-api-key", {"keys": []})
    answer = await keys.ask("identify", "not json", replies=[])
    assert (answer.tag, answer.value.code) == ("failed", "bad-document")
