"""Issued credentials: for the run's own caller only, kept until they expire, never made up."""

from __future__ import annotations

import json
import time

import pytest
from msgspec import structs

from mcpg.contract.documents import Caller, How
from mcpg.contract.problems import BadDocument, EffectDenied, RunFailed
from mcpg.contract.verdicts import Case, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.stages import make_stage
from mcpg.pipeline.vault import Vault

BOB = Caller(id="bob", kind="user", how=How(credential="api-key"), trust="verified")


@pytest.fixture
def make(bench, kit):
    def make(answer):
        guest = kit.guest("issuer", PluginKind.CREDENTIAL, answer)
        stage = make_stage(guest, kit.effects())

        async def resolve(use, reference):
            return f"value of {reference} for {use}"

        return guest, Vault(bench.runner, lambda: {"crm": stage}, resolve=resolve, digest=lambda tenant, text: "d")

    return make


def issued(expires=0, **more):
    return lambda function, caller, target, replies: Case(
        "issued", json.dumps({"value": f"{caller['id']}@{target}", "expires": expires, **more})
    )


async def test_each_caller_gets_its_own_and_is_asked_for_once(make, kit):
    guest, vault = make(issued())
    for caller in (kit.ana, kit.ana, BOB):
        credential = await vault.issue("crm", "api", caller)
        assert credential.value == f"{caller.id}@api"
    assert len(guest.asked) == 2


async def test_an_expired_credential_is_issued_anew(make, kit):
    guest, vault = make(issued(expires=int(time.time() * 1000) + 1000))
    for _ in range(2):
        await vault.issue("crm", "api", kit.ana)
    assert len(guest.asked) == 2


async def test_an_issuer_may_name_a_secret_that_the_host_resolves(make, kit):
    _, vault = make(lambda *_: Case("issued", '{"value": "secret://env/CRM"}'))
    assert (await vault.issue("crm", "api", kit.ana)).value == "value of secret://env/CRM for issuer"


async def test_a_namesake_from_elsewhere_gets_a_credential_of_its_own(make, kit):
    guest, vault = make(issued())
    await vault.issue("crm", "api", kit.ana)
    for other in (
        structs.replace(kit.ana, issuer="https://elsewhere.example"),
        structs.replace(kit.ana, how=How(credential="api-key", plugin="other-keys")),
        structs.replace(kit.ana, groups=()),
    ):
        await vault.issue("crm", "api", other)
    assert len(guest.asked) == 4


async def test_an_unknown_issuer_is_denied(make, kit):
    _, vault = make(issued())
    with pytest.raises(EffectDenied):
        await vault.issue("other", "api", kit.ana)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Case("deny", Problem("no", "not you")), EffectDenied),
        (Case("failed", Problem("timeout", "x")), RunFailed),
        (Case("issued", "{not json"), BadDocument),
        (Case("issued", '{"token": "x"}'), BadDocument),
    ],
)
async def test_an_issuer_that_fails_leaves_nothing(make, kit, answer, error):
    _, vault = make(answer)
    with pytest.raises(error):
        await vault.issue("crm", "api", kit.ana)


async def test_what_was_issued_while_something_was_forgotten_is_not_kept(make, kit):
    values = iter(["old", "new"])

    def answer(*_):
        value = next(values)
        if value == "old":
            vault.forget()
        return Case("issued", json.dumps({"value": value, "expires": 0}))

    guest, vault = make(answer)
    assert (await vault.issue("crm", "api", kit.ana)).value == "new"
    assert (await vault.issue("crm", "api", kit.ana)).value == "new"
    assert len(guest.asked) == 2
