"""The identity chain: who ends it, what never becomes anonymous, what is recorded of a flood."""

from __future__ import annotations

import json

import pytest

from mcpg.contract.documents import Credentials, Peer
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import PluginTrapped
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind

CREDENTIALS = Credentials(
    transport="http", peer=Peer(address="127.0.0.1"), headers={"authorization": "Bearer s3cret", "x": "y"}
)
READS = ("/credentials/headers/authorization",)


def finding(name="ana", **more):
    caller = {"id": name, "kind": "user", "how": {"credential": "api-key"}, "trust": "verified", **more}
    return Case("caller", json.dumps(caller))


def identity(kit, use, answer, **more):
    return kit.guest(use, PluginKind.IDENTITY, answer, reads=READS, **more)


async def test_the_first_caller_ends_the_chain_and_the_host_says_who_established_it(bench, kit):
    second = identity(kit, "second", finding("eve"))
    bench.plan(identity=[identity(kit, "none", Case("abstain")), identity(kit, "keys", finding()), second])
    caller = await bench.service.identify(CREDENTIALS)
    assert (caller.id, caller.how.plugin) == ("ana", "keys")
    assert second.asked == []


async def test_a_plugin_sees_only_the_headers_that_it_reads(bench, kit):
    guest = identity(kit, "keys", finding())
    bench.plan(identity=[guest])
    await bench.service.identify(CREDENTIALS)
    assert json.loads(guest.asked[0][1][0]) == {"headers": {"authorization": "Bearer s3cret"}}


@pytest.mark.parametrize(
    ("first", "status"),
    [
        (Case("reject", Problem("bad-credential", "unknown key")), 401),
        (Case("failed", Problem("upstream-timeout", "no key set")), 503),
        (PluginTrapped("it trapped"), 503),
        (Case("caller", "{not json"), 503),
        (Case("caller", '{"id": "", "kind": "user", "how": {"credential": "x"}, "trust": "verified"}'), 503),
        (Case("caller", '{"id": "x", "kind": "root", "how": {"credential": "x"}, "trust": "verified"}'), 503),
        (
            Case("caller", '{"id": "x", "kind": "user", "how": {"credential": "x"}, "trust": "verified", "admin": 1}'),
            503,
        ),
        (Case("abstain"), 401),
    ],
)
async def test_what_could_not_be_judged_never_becomes_anonymous(bench, kit, first, status):
    chain = [identity(kit, "keys", first)]
    if first != Case("abstain"):
        chain.append(identity(kit, "anyone", finding("anonymous")))
    bench.plan(identity=chain)
    with pytest.raises(Refusal) as refused:
        await bench.service.identify(CREDENTIALS)
    assert refused.value.status == status
    record = bench.ledger.records[0]
    assert (record["kind"], record["stage"]) == ("refusal", "identity")
    assert "s3cret" not in json.dumps(bench.ledger.records)


async def test_an_empty_chain_lets_nobody_in(bench):
    bench.plan()
    with pytest.raises(Refusal) as refused:
        await bench.service.identify(CREDENTIALS)
    assert refused.value.status == 401
    assert refused.value.headers[0][0] == "WWW-Authenticate"


async def test_the_memo_of_an_identity_holds_no_credential(bench, kit):
    guest = identity(kit, "keys", finding(), memo=True)
    bench.plan(identity=[guest])
    callers = [await bench.service.identify(CREDENTIALS) for _ in range(3)]
    assert len(guest.asked) == 1
    assert [c.id for c in callers] == ["ana"] * 3
    assert "s3cret" not in repr(vars(type(bench.memo)).get("_answers", "")) + repr(bench.memo._answers)


async def test_how_a_caller_was_established_stands_in_the_record_of_the_call(bench, kit):
    bench.plan(
        kit.route(),
        identity=[identity(kit, "keys", finding())],
        policy=[kit.policy(kit.permit)],
        backends={"back": kit.backend()},
    )
    caller = await bench.service.identify(CREDENTIALS)
    await bench.call(caller=caller)
    assert [s["stage"] for s in bench.ledger.of("intent")[0]["stages"]] == ["identity", "policy"]


async def test_a_flood_of_bad_credentials_is_counted_in_one_record(bench, kit):
    bench.plan(identity=[identity(kit, "keys", Case("reject", Problem("bad-credential", "unknown key")))])
    for _ in range(200):
        with pytest.raises(Refusal):
            await bench.service.identify(CREDENTIALS)
    await bench.floods.flush()
    counted = [r["counted"] for r in bench.ledger.records if "counted" in r]
    assert sum(counted) + len(bench.ledger.records) - len(counted) == 200
    assert len(bench.ledger.records) <= 40
