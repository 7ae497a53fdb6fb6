from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_registry.strict_json import compact
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.signing import sign_envelope
from mcpg_revocations.envelopes import MAX_OFFER
from mcpg_revocations.rules import (
    PAYLOAD_TYPE,
    Action,
    Anchor,
    Entry,
    RevocationList,
    Subject,
    check,
    demand,
    revoked,
    sign_list,
    verify_list,
)
from mcpg_revocations.shipped import ANCHOR, LIST, load_list

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (PrivateKey.generate() for _ in range(3))
NOW = 1_800_000_000
YEAR = 366 * 86400
DIGEST = digest_bytes(b"x")
SUBJECT = Subject(
    manifest=DIGEST, wasm=digest_bytes(b"wasm"), id="acme/echo", version="1.2.0", keys=(A.public.id, B.public.id)
)


def entry(**fields: Any) -> Entry:
    return Entry(**({"id": "MCPG-1", "action": "block", "reason": "it leaks"} | fields))


def listed(*entries: Entry, **fields: Any) -> RevocationList:
    return RevocationList(**({"schema": 1, "version": 3, "entries": entries} | fields))


def signed(payload: bytes, *keys: PrivateKey, kind: str = PAYLOAD_TYPE) -> bytes:
    return compact(sign_envelope(kind, payload, keys).document())


def test_a_signed_list_reads_back() -> None:
    wanted = listed(entry(manifest=DIGEST), entry(id="2", plugin="acme/echo", versions="<1.3.0", action="kill"))
    text = sign_list(wanted, [A])
    assert verify_list(text, Anchor((A.public,)), now=NOW) == wanted
    assert sign_list(wanted, [A]) == text


def test_a_threshold_counts_distinct_keys() -> None:
    anchor = Anchor((A.public, B.public, C.public), 2)
    assert verify_list(sign_list(listed(), [A, C]), anchor, now=NOW)
    for keys in ([A], [A, A], [A, PrivateKey.generate()]):
        with pytest.raises(PluginRefused, match="found 1 valid signatures") as caught:
            verify_list(sign_list(listed(), keys), anchor, now=NOW)
        assert caught.value.step == 4
    with pytest.raises(ValueError, match="threshold"):
        Anchor((A.public,), 2)
    with pytest.raises(ValueError, match="threshold"):
        Anchor((A.public, A.public), 2)


GOOD = {"schema": 1, "version": 3, "entries": []}


def _with(**fields: Any) -> bytes:
    one = {"id": "x", "action": "kill", "reason": "r"} | fields
    return json.dumps(GOOD | {"entries": [one]}).encode()


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        (b"", "no JSON", "revocation-list"),
        (b"{}", "payloadType", "revocation-list"),
        (json.dumps(GOOD).encode(), "a DSSE envelope has", "revocation-list"),
        (signed(b"{}", A), "missing required field", "revocation-list"),
        (signed(b"x", A), "no JSON", "revocation-list"),
        (signed(json.dumps(GOOD).encode(), A, kind="text/plain"), "payload type", "revocation-list"),
        (signed(json.dumps(GOOD).encode(), B), "found 0 valid signatures", "revocation-signature"),
        (signed(json.dumps(GOOD | {"schema": 2}).encode(), A), "schema", "revocation-list"),
        (signed(json.dumps(GOOD | {"version": 0}).encode(), A), "version", "revocation-list"),
        (signed(json.dumps(GOOD | {"version": 2}).encode(), A), "wanted at least 3", "revocation-rollback"),
        (signed(json.dumps(GOOD | {"more": 2}).encode(), A), "unknown field", "revocation-list"),
        (signed(json.dumps(GOOD | {"expires": NOW - 1}).encode(), A), "expired", "revocation-expired"),
        (signed(b'{"schema":1,"version":3,"entries":[],"entries":[]}', A), "twice", "revocation-list"),
        (signed(_with(), A), "exactly one", "revocation-list"),
        (signed(_with(manifest=DIGEST, wasm=DIGEST), A), "exactly one", "revocation-list"),
        (signed(_with(manifest="latest"), A), "is not a digest", "revocation-list"),
        (signed(_with(plugin="acme/echo"), A), "belong together", "revocation-list"),
        (signed(_with(wasm=DIGEST, versions="*"), A), "belong together", "revocation-list"),
        (signed(_with(plugin="acme/echo", versions="1.x"), A), "comparison", "revocation-list"),
        (signed(_with(manifest=DIGEST, action="allow"), A), "action|enum", "revocation-list"),
        (signed(_with(manifest=DIGEST, reason=""), A), "reason", "revocation-list"),
        (b"x" * (MAX_OFFER + 1), "at most", "revocation-size"),
        (signed(json.dumps(GOOD).encode(), A)[:-9], "no JSON", "revocation-list"),
    ],
)
def test_lists_that_are_refused_whole(text: bytes, told: str, code: str) -> None:
    with pytest.raises(PluginRefused, match=f"(?i){told}") as caught:
        verify_list(text, Anchor((A.public,)), now=NOW, at_least=3)
    assert caught.value.step == 4
    assert caught.value.code == code
    assert caught.value.remedy


@given(st.data())
def test_no_byte_of_a_list_can_be_changed_for_another_meaning(data: st.DataObject) -> None:
    wanted = listed(entry(manifest=DIGEST))
    text = bytearray(sign_list(wanted, [A]))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    try:
        found: object = verify_list(bytes(text), Anchor((A.public,)), now=NOW)
    except PluginRefused as error:
        found = error.step
    assert found in (wanted, 4)


@pytest.mark.parametrize(
    ("fields", "hit"),
    [
        ({"manifest": DIGEST}, True),
        ({"manifest": digest_bytes(b"y")}, False),
        ({"wasm": SUBJECT.wasm}, True),
        ({"wasm": DIGEST}, False),
        ({"key": B.public.id}, True),
        ({"key": C.public.id}, False),
        ({"plugin": "acme/echo", "versions": "*"}, True),
        ({"plugin": "acme/echo", "versions": "<=1.2.0"}, True),
        ({"plugin": "acme/echo", "versions": ">1.2.0"}, False),
        ({"plugin": "acme/other", "versions": "*"}, False),
    ],
)
def test_what_an_entry_hits(fields: dict[str, str], hit: bool) -> None:  # noqa: FBT001 - a column of the table
    verdict = check(SUBJECT, listed(entry(**fields)))
    assert verdict.action is (Action.BLOCK if hit else Action.ALLOW)
    assert bool(verdict.entries) is hit


def test_the_strongest_entry_counts_and_all_are_told() -> None:
    entries = [
        entry(id="W", action="warn", manifest=DIGEST),
        entry(id="K", action="kill", key=A.public.id),
        entry(id="B", plugin="acme/echo", versions="*"),
    ]
    verdict = check(SUBJECT, listed(*entries))
    assert verdict.action is Action.KILL
    assert [each.id for each in verdict.entries] == ["K", "B", "W"]
    assert verdict.reason() == "kill by `K`: it leaks; block by `B`: it leaks; warn by `W`: it leaks"


def test_an_empty_list_hits_nothing_and_an_empty_subject_is_hit_by_no_digest() -> None:
    assert check(SUBJECT, listed()).action is Action.ALLOW
    assert (
        check(Subject(), listed(entry(manifest=DIGEST), entry(id="2", wasm=DIGEST), entry(id="3", key=DIGEST))).action
        is Action.ALLOW
    )


def test_a_version_that_cannot_be_read_is_in_every_range() -> None:
    strange = Subject(id="acme/echo", version="latest")
    assert check(strange, listed(entry(plugin="acme/echo", versions="<0.0.1"))).action is Action.BLOCK


def test_a_warning_lets_in_and_a_block_does_not() -> None:
    assert demand(SUBJECT, listed(entry(action="warn", manifest=DIGEST)), where="x").action is Action.WARN
    for action in ("block", "kill"):
        with pytest.raises(PluginRefused, match=r"revoked: .*it leaks") as caught:
            demand(SUBJECT, listed(entry(action=action, manifest=DIGEST)), where="x")
        assert (caught.value.step, caught.value.code) == (10, "plugin-revoked")


def test_keys_are_revoked_by_block_and_kill() -> None:
    entries = [
        entry(id=action, action=action, key=key.public.id) for action, key in (("warn", A), ("block", B), ("kill", C))
    ]
    assert revoked(listed(*entries)).keys == {B.public.id: "it leaks", C.public.id: "it leaks"}


def test_the_list_that_ships_is_valid_and_does_not_die_of_age() -> None:
    for now in (NOW, NOW + 30 * YEAR):
        assert load_list(now=now).expires is None


def test_a_list_or_anchor_that_is_missing_or_wrong_is_step_4(tmp_path: Path) -> None:
    def refused(told: str) -> None:
        with pytest.raises(PluginRefused, match=told) as caught:
            load_list(tmp_path, now=NOW)
        assert caught.value.step == 4

    refused("cannot read")
    (tmp_path / ANCHOR).write_text(A.public.pem)
    refused("cannot read")
    (tmp_path / LIST).write_bytes(sign_list(listed(), [A]))
    assert load_list(tmp_path, now=NOW) == listed()
    (tmp_path / LIST).write_bytes(b"")
    refused("no JSON")
    (tmp_path / LIST).write_bytes(sign_list(listed(), [A]))
    (tmp_path / ANCHOR).write_text(B.public.pem)
    refused("found 0 valid")
    (tmp_path / ANCHOR).write_bytes(b"\xff")
    refused("can't decode|PEM")
    (tmp_path / ANCHOR).unlink()
    (tmp_path / ANCHOR).symlink_to(tmp_path / LIST)
    refused("is a link")
