from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.sandbox.world import GUESTS, ROOMY, RUN, guest, guest_bytes, manifest

from mcpg.contract.problems import BadDocument, NondeterministicPlugin, PluginRefused, PluginTrapped
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.sandbox import PassLimits, Pool, Sandbox, SandboxSettings

if TYPE_CHECKING:
    from pathlib import Path

QUICK = PassLimits(memory=ROOMY.memory, time=0.1, output=ROOMY.output)


async def decide(pool: Pool, action: str = '{"name": "x"}') -> Case:
    return await pool.ask("decide", ("{}", action, []), RUN, "default")


async def serves_on(sandbox: Sandbox) -> None:
    good = await guest(sandbox, "good", use="good")
    for _ in range(3):
        assert await decide(good) == Case("deny", Problem("code", '{"name": "x"}'))
    await good.close()


@pytest.mark.parametrize(
    ("name", "limits", "error", "words"),
    [
        ("loop", QUICK, PluginTrapped, "ran longer than 100 ms"),
        ("recursion", ROOMY, PluginTrapped, "call stack exhausted"),
        ("memory_bomb", ROOMY, PluginTrapped, "unreachable"),
        ("table_bomb", ROOMY, PluginTrapped, "unreachable"),
        ("trap", ROOMY, PluginTrapped, "unreachable"),
        ("wild_pointer", ROOMY, PluginTrapped, "`decide` of `bad` trapped"),
        ("unknown_tag", ROOMY, PluginTrapped, "`decide` of `bad` trapped"),
        ("huge_text", ROOMY, BadDocument, "more than 65536 bytes"),
        ("huge_list", ROOMY, BadDocument, "more than 65536 bytes"),
        ("many_elements", ROOMY, BadDocument, "more than 65536 bytes"),
        ("bad_utf8", ROOMY, BadDocument, "not Unicode"),
    ],
)
@pytest.mark.parametrize("isolation", ["shared", "call"])
async def test_a_hostile_pass_fails_and_everything_else_goes_on(  # noqa: PLR0917 - the table gives them
    sandbox: Sandbox, name: str, limits: PassLimits, error: type[Exception], words: str, isolation: str
) -> None:
    bad = await guest(sandbox, name, limits=limits, isolation=isolation)
    for _ in range(2):
        with pytest.raises(error, match=words):
            await decide(bad)
        await serves_on(sandbox)
    assert await bad.ask("see", ("{}", "[]", []), RUN, "default") == Case("seen", "[]")
    assert bad.stats.traps == 2


def test_every_hostile_guest_is_used_by_a_test() -> None:
    names = {path.stem for path in GUESTS.glob("*.wat") if ".inc." not in path.name}
    text = "".join(path.read_text() for path in GUESTS.parent.glob("test_*.py"))
    assert {name for name in names if f'"{name}"' not in text} == set()


async def test_memory_stays_below_its_limit(sandbox: Sandbox) -> None:
    bad = await guest(sandbox, "memory_bomb", limits=PassLimits(memory=2 * 65536, time=5.0, output=1000))
    with pytest.raises(PluginTrapped):
        await decide(bad)
    with pytest.raises(PluginTrapped, match="unreachable"):
        await decide(bad, "x" * 400_000)
    await serves_on(sandbox)


@pytest.mark.parametrize(
    ("name", "words"),
    [("large_minimum", "memory"), ("two_memories", "memory"), ("start_loop", "interrupt"), ("slow_start", "interrupt")],
)
async def test_a_guest_that_cannot_be_started_is_refused(tmp_path: Path, name: str, words: str) -> None:
    box = Sandbox(SandboxSettings(cache=tmp_path, configure_time=0.05))
    await box.start()
    with pytest.raises(PluginRefused, match=words) as refused:
        await guest(box, name)
    assert refused.value.code == "plugin-not-started"
    await serves_on(box)
    await box.stop()


async def test_a_guest_that_refuses_its_configuration_says_why(sandbox: Sandbox) -> None:
    with pytest.raises(PluginRefused, match=r"refuses its configuration: bad \(code\)") as refused:
        await guest(sandbox, "good", config="bad")
    assert refused.value.code == "bad-plugin-config"
    await serves_on(sandbox)


@pytest.mark.parametrize(
    ("name", "named"),
    [("forbidden_import", "wasi:http/outgoing-handler@0.2.12"), ("forbidden_function", "read-secret")],
)
async def test_a_forbidden_import_is_refused_by_name(sandbox: Sandbox, name: str, named: str) -> None:
    with pytest.raises(PluginRefused, match=f"`{named}`") as refused:
        await guest(sandbox, name)
    assert refused.value.code == "forbidden-import"
    inspection = await sandbox.inspect(guest_bytes(name))
    assert [(each.name, each.kind) for each in inspection.imports] == [(named, "forbidden")]
    assert inspection.kind is PluginKind.POLICY
    await serves_on(sandbox)


@pytest.mark.parametrize(
    ("name", "words"), [("no_world", "fills no world"), ("wrong_types", r"`shape` .* is `func\(catalog: string\)")]
)
async def test_a_wrong_world_is_refused(sandbox: Sandbox, name: str, words: str) -> None:
    with pytest.raises(PluginRefused, match=words) as refused:
        await guest(sandbox, name)
    assert refused.value.code == "wrong-world"
    await serves_on(sandbox)


async def test_a_world_that_the_manifest_does_not_name_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(PluginRefused, match="its manifest says") as refused:
        await guest(sandbox, "good", manifest=manifest(PluginKind.BACKEND))
    assert refused.value.code == "wrong-world"


async def test_text_that_is_not_json_is_passed_on_for_the_schema_checks(sandbox: Sandbox) -> None:
    answer = await decide(await guest(sandbox, "bad_json"))
    assert answer.tag == "permit"
    assert answer.value[0].kind == "code"
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer.value[0].detail)
    await serves_on(sandbox)


async def test_a_number_that_json_would_round_is_refused(sandbox: Sandbox) -> None:
    pool = await guest(sandbox, "charges")
    charge = (await pool.ask("reserve", ("{}", "{}"), RUN, "default")).value[0]
    assert (charge.account, charge.cost, charge.capacity) == (["code"], 2**53 - 1, 2)
    with pytest.raises(BadDocument, match="9007199254740992"):
        await pool.ask("reserve", ("{}", "x"), RUN, "default")
    assert await pool.ask("settle", ("{}", "{}", "{}"), RUN, "default") == Case("ok", [])
    await serves_on(sandbox)


async def test_state_kept_between_calls_is_found_and_quarantined(tmp_path: Path) -> None:
    box = Sandbox(SandboxSettings(cache=tmp_path, repeat_share=1.0, inline_deadline_ms=2000))
    await box.start()
    told: list[tuple[str, str]] = []
    bad = await guest(box, "counter", use="count", on_quarantine=lambda *event: told.append(event))
    assert (await decide(bad)).value.message == "c"
    with pytest.raises(NondeterministicPlugin, match="in two ways"):
        await decide(bad)
    assert told == [("count", "`decide` of `count` answered the same question in two ways")]
    assert bad.state == "fenced"
    assert bad.stats.instances == 0
    with pytest.raises(PluginRefused, match="quarantined"):
        await decide(bad)
    await serves_on(box)
    await box.stop()


async def test_state_cannot_be_kept_with_an_instance_for_each_call(sandbox: Sandbox) -> None:
    bad = await guest(sandbox, "counter", isolation="call")
    assert [(await decide(bad)).value.message for _ in range(4)] == ["c"] * 4


async def test_a_lone_surrogate_in_a_document_fails_the_run_only(sandbox: Sandbox) -> None:
    good = await guest(sandbox, "good")
    with pytest.raises(BadDocument, match="lone surrogate"):
        await decide(good, "\ud800")
    await serves_on(sandbox)
