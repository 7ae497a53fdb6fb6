"""What is appended is there, in its chain, under a signed head; who could not wait is not forgotten."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from mcpg.contract.canonical import digest_text
from mcpg.contract.problems import ConfigError, LedgerUnavailable
from mcpg.ledger import SYSTEM, Limits, SqliteLedger, records_of, tail, verify

if TYPE_CHECKING:
    from tests.ledger.conftest import Place


async def test_each_tenant_has_its_own_chain(place: Place, ledger: SqliteLedger) -> None:
    for tenant in ("red", "green", "red", "blue", "red"):
        await ledger.append(tenant, {"kind": "event", "what": "x"})
    assert await ledger.append("red", {"kind": "refusal", "call": "c"}) == 4
    assert await ledger.append("green", {"kind": "refusal", "call": "c"}) == 2
    report = verify(place.path)
    assert report.ok
    assert report.chains == {SYSTEM: 2, "red": 4, "green": 2, "blue": 1}


async def test_a_record_is_its_envelope_and_its_payload(place: Place) -> None:
    ledger = await place.open(clock=lambda: 1_700_000_000_123)
    await ledger.append("red", {"kind": "intent", "call": "c1", "tool": "search", "digests": ["sha256:0"]})
    await ledger.append("red", {"kind": "outcome", "call": "c1", "status": "ok"})
    first, second = records_of(place.path, "c1")
    genesis = next(entry for entry in tail(place.path, tenant=SYSTEM) if entry.seq == 1)
    assert first.text == (
        f'{{"at":1700000000123,"call":"c1","digests":["sha256:0"],"kind":"intent","prev":"{digest_text(genesis.text)}"'
        ',"seq":1,"tenant":"red","tool":"search","v":1}'
    )
    assert second.record["prev"] == digest_text(first.text)
    assert genesis.record["key"] == ledger.key.public.text
    assert genesis.record["kind"] == "genesis"
    await ledger.close()


async def test_appends_at_the_same_time_share_commits_and_keep_their_order(place: Place, ledger: SqliteLedger) -> None:
    before = len(place.heads)
    many = [ledger.append("red", {"kind": "event", "number": number}) for number in range(500)]
    assert await asyncio.gather(*many) == list(range(1, 501))
    assert len(place.heads) - before < 100
    numbers = [entry.record["number"] for entry in tail(place.path, tenant="red", limit=500)]
    assert numbers == list(range(500))


async def test_every_commit_has_a_head_that_proves_it(place: Place, ledger: SqliteLedger) -> None:
    for number in range(5):
        await ledger.append("red", {"kind": "event", "number": number})
    assert [head.n for head in place.heads] == list(range(1, len(place.heads) + 1))
    assert ledger.head == place.heads[-1]
    for head in place.heads:
        assert head.signed_by(ledger.key.public)
        assert verify(place.path, public_key=ledger.key.public.text, head=head.text).ok


async def test_a_listener_that_fails_fails_no_call(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    def listener(_head: object) -> None:
        raise RuntimeError("no log today")

    ledger = await SqliteLedger.open(place.path, state=place.directory, on_head=listener)
    assert await ledger.append("red", {"kind": "event"}) == 1
    await ledger.close()
    assert "the listener for ledger heads failed" in caplog.text


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({}, ValueError),
        ({"kind": "gossip"}, ValueError),
        ({"kind": "event", "seq": 7}, ValueError),
        ({"kind": "event", "prev": ""}, ValueError),
        ({"kind": "event", "tenant": "green"}, ValueError),
        ({"kind": "event", "at": 0}, ValueError),
        ({"kind": "event", "v": 2}, ValueError),
        ({"kind": "event", "cost": 0.5}, TypeError),
        ({"kind": "event", "ключ": 1}, TypeError),
        ({"kind": "event", "text": "\ud800"}, ValueError),
        ({"kind": "intent", "call": 7}, TypeError),
        ({"kind": "event", "text": "x" * 2_000_000}, LedgerUnavailable),
    ],
)
async def test_a_record_that_cannot_stand_breaks_nothing(
    ledger: SqliteLedger, place: Place, record: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await ledger.append("red", record)
    assert await ledger.append("red", {"kind": "event"}) == 1
    assert verify(place.path).ok


async def test_a_ledger_goes_on_where_it_ended(place: Place) -> None:
    first = await place.open(details={"version": "1"})
    await first.append("red", {"kind": "event"})
    await first.close({"why": "update"})
    ended = place.heads[-1]
    second = await place.open(details={"version": "2"})
    assert await second.append("red", {"kind": "event"}) == 2
    await second.close()
    system = [entry.record for entry in tail(place.path, tenant=SYSTEM)]
    assert [record["kind"] for record in system] == ["genesis", "start", "stop", "start", "stop"]
    assert system[1]["found"] == ""
    assert system[2]["why"] == "update"
    assert (system[3]["found"], system[3]["lost"], system[3]["version"]) == (ended.text, 0, "2")
    assert verify(place.path, public_key=place.public_key, head=ended).ok


async def test_open_intents_are_closed_at_the_end(place: Place) -> None:
    ledger = await place.open()
    await ledger.append("red", {"kind": "intent", "call": "c1"})
    await ledger.close()
    outcome = records_of(place.path, "c1")[-1].record
    assert (outcome["kind"], outcome["status"], outcome["reason"]) == ("outcome", "unknown", "process ended")


async def test_a_closed_ledger_refuses(place: Place) -> None:
    ledger = await place.open()
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        await ledger.append("red", {"kind": "event"})


async def test_an_intent_whose_caller_is_gone_is_closed(place: Place, ledger: SqliteLedger) -> None:
    task = asyncio.create_task(ledger.append("red", {"kind": "intent", "call": "c1"}))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while len(records_of(place.path, "c1")) < 2:
        await ledger.append("red", {"kind": "event"})
    outcome = records_of(place.path, "c1")[-1].record
    assert (outcome["status"], outcome["reason"]) == ("failed", "the caller was gone before the intent was durable")


async def test_an_intent_that_becomes_durable_as_its_caller_goes_is_closed(place: Place, ledger: SqliteLedger) -> None:
    waiter = asyncio.get_running_loop().create_future()
    waiter.add_done_callback(lambda _waiter: task.cancel())  # before the task hears of it
    ledger._loop = Mock(wraps=ledger._loop, **{"create_future.side_effect": [waiter, asyncio.Future()]})
    task = asyncio.create_task(ledger.append("red", {"kind": "intent", "call": "c1"}))
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.close()
    assert [entry.record.get("status") for entry in records_of(place.path, "c1")] == [None, "failed"]


async def test_keyed_digests_are_of_the_tenant_and_stay(place: Place) -> None:
    first = await place.open()
    digest = first.keyed_digest("red", "4111 1111")
    assert digest.startswith("hmac-sha256:")
    assert len(digest) == len("hmac-sha256:") + 64
    assert digest == first.keyed_digest("red", b"4111 1111")
    assert digest != first.keyed_digest("green", "4111 1111")
    await first.close()
    second = await place.open()
    assert second.keyed_digest("red", "4111 1111") == digest
    await second.close()
    assert digest.encode() not in (place.directory / "ledger.secret").read_bytes()


async def test_another_key_does_not_continue_a_ledger(place: Place) -> None:
    await (await place.open()).close()
    (place.directory / "ledger.key").unlink()
    with pytest.raises(LedgerUnavailable, match="was begun with key") as caught:
        await place.open()
    assert "restore the ledger's key file" in caught.value.remedy


async def test_a_broken_secret_is_refused(place: Place) -> None:
    await (await place.open()).close()
    (place.directory / "ledger.secret").write_text("not hex")
    with pytest.raises(ConfigError, match="not a ledger secret"):
        await place.open()


async def test_files_are_for_their_owner_only(place: Place, ledger: SqliteLedger) -> None:
    await ledger.append("red", {"kind": "event"})
    names = {each.name: each.stat().st_mode & 0o777 for each in place.directory.iterdir()}
    assert {"ledger.db", "ledger.db-wal", "ledger.db.head", "ledger.db.lock", "ledger.key", "ledger.secret"} <= set(
        names
    )
    assert set(names.values()) == {0o600}


async def test_neither_key_nor_secret_stands_in_the_ledger(place: Place) -> None:
    ledger = await place.open()
    await ledger.append("red", {"kind": "event", "digest": ledger.keyed_digest("red", "x")})
    await ledger.close()
    content = place.path.read_bytes()
    for line in (place.directory / "ledger.key").read_bytes().splitlines()[1:-1]:
        assert line not in content
    assert (place.directory / "ledger.secret").read_bytes() not in content


async def test_a_commit_is_bounded(place: Place) -> None:
    ledger = await place.open(limits=Limits(batch=10))
    await asyncio.gather(*(ledger.append("red", {"kind": "event"}) for _ in range(95)))
    await ledger.close()
    sizes = [after.records - before.records for before, after in zip(place.heads, place.heads[1:], strict=False)]
    assert max(sizes) <= 10
    assert json.loads(next(iter(tail(place.path, limit=1))).text)["kind"] == "stop"
