"""The rate limit component through the sandbox: which accounts, how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CALLER = {"id": "ana", "issuer": "https://idp.example"}


def action(name: str = "search", session: str = "s1") -> dict[str, Any]:
    return {"kind": "tool", "name": name, "session": session}


async def test_charges_are_millionths_and_settle_as_reserved(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    rules = [
        {"per": ["caller", "tool"], "burst": 20, "per_second": 0.5},
        {"name": "all", "per": ["tenant"], "burst": 100, "per_second": 50},
        {"per": ["session"], "burst": 1, "per_second": 1, "tools": ["other-*"]},
    ]
    limit = await plugin("limit-rate", {"rules": rules})
    tag, charges = await limit.ask("reserve", CALLER, action())
    assert tag == "charge"
    assert [tuple(charge) for charge in charges] == [
        (
            ["rule", "0", "caller", "https://idp.example", "ana", "tool", "search"],
            1_000_000,
            20_000_000,
            500_000,
            0,
        ),
        (["rule", "all"], 1_000_000, 100_000_000, 50_000_000, 0),
    ]
    outcome = {"status": "tool-error", "result": None, "problem": ""}
    assert await limit.ask("settle", CALLER, action(), outcome) == ("ok", charges)


async def test_calls_without_a_session_do_not_share_a_bucket(plugin: Callable[[str, Any], Awaitable[Any]]) -> None:
    limit = await plugin("limit-rate", {"rules": [{"per": ["session"], "burst": 1, "per_second": 1}]})
    accounts = [
        (await limit.ask("reserve", caller, action(session=session))).value[0].account
        for caller, session in (({"id": "a"}, ""), ({"id": "b"}, ""), ({"id": "a"}, "s1"), ({"id": "b"}, "s1"))
    ]
    assert accounts[0] != accounts[1]
    assert accounts[2] == accounts[3] == ["rule", "0", "session", "s1"]
