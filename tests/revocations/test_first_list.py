"""The first list that a site sees: its grammar, its signatures, and the list that ships."""

from __future__ import annotations

import base64
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.revocations.lists_made import DIGEST, NOW, YEAR, A, B, C, entry, listed, signed

from mcpg.contract.problems import PluginRefused
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.envelopes import MAX_OFFER
from mcpg_revocations.rules import Anchor, sign_list, verify_list
from mcpg_revocations.shipped import ANCHOR, LIST, load_list


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


def _with(**fields):
    one = {"id": "x", "action": "kill", "reason": "r"} | fields
    return json.dumps(GOOD | {"entries": [one]}).encode()


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        (b"", "no JSON", "revocation-list"),
        (b"{}", "payloadType", "revocation-list"),
        (json.dumps(GOOD).encode(), "unknown field", "revocation-list"),
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
        (signed(_with(publisher="Acme"), A), "is no prefix", "revocation-list"),
        (signed(_with(publisher="ghcr.io/acme/"), A), "is no prefix", "revocation-list"),
        (signed(_with(publisher="ghcr.io//acme"), A), "is no prefix", "revocation-list"),
        (signed(_with(publisher="*"), A), "is no prefix", "revocation-list"),
        (signed(_with(issuer="https://issuer.example"), A), "belong together", "revocation-list"),
        (signed(_with(identity="me"), A), "not exactly one", "revocation-list"),
        (signed(_with(vulnerability="x" * 257), A), "length", "revocation-list"),
        (signed(_with(manifest=DIGEST, refs=["x"] * 33), A), "length", "revocation-list"),
        (signed(_with(manifest=DIGEST, since=-1), A), "since", "revocation-list"),
        (signed(_with(manifest=DIGEST, since="2026-11-21"), A), "since", "revocation-list"),
        (signed(json.dumps(GOOD | {"version": 2**53}).encode(), A), "version", "revocation-list"),
        (signed(json.dumps(GOOD | {"grace": 91 * 86400}).encode(), A), "grace", "revocation-list"),
        (signed(json.dumps(GOOD | {"previous": "x"}).encode(), A), "is not a digest", "revocation-list"),
        (signed(json.dumps(GOOD | {"issued": 9, "expires": 8}).encode(), A), "before it was issued", "revocation-list"),
        (signed(json.dumps(GOOD | {"keys": {"next": [], "threshold": 1}}).encode(), A), "next", "revocation-list"),
        (signed(b'{"schema":1,"version":3,"entries":' + b"[" * 5000, A), "no json|nested", "revocation-list"),
        (signed(json.dumps(GOOD | {"issued": NOW + 4000}).encode(), A), "from now", "revocation-clock"),
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


def test_spelling_is_free_and_meaning_is_not() -> None:
    spaced = json.dumps(
        GOOD | {"expires": None, "entries": [json.loads(_with(manifest=DIGEST))["entries"][0]]}, indent=1
    )
    assert verify_list(signed(spaced.encode(), A), Anchor((A.public,)), now=NOW).entries[0].manifest == DIGEST
    nested = b'{"schema":1,"version":3,"entries":[{"id":"x","action":"warn","action":"kill","reason":"r","wasm":"%s"}]}'
    with pytest.raises(PluginRefused, match="twice"):
        verify_list(signed(nested % DIGEST.encode(), A), Anchor((A.public,)), now=NOW)


BOMBS = {
    "lists": b'{"lists":[' + b"[]," * 1_000_000 + b"[]]}",
    "envelopes": b'{"lists":[' + b"{}," * 1_000_000 + b"{}]}",
    "signatures": b'{"payload":"","payloadType":"x","signatures":[' + b'{"sig":""},' * 300_000 + b'{"sig":""}]}',
    "numbers": b'{"payload":[' + b"1," * 1_500_000 + b"1]}",
    "keys": b'{"payload":"","' + b'a":0,"' * 500_000 + b'b":0}',
    "depth": b'{"lists":' + b"[" * 2_000_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_of_json_is_not_built(name: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(PluginRefused) as caught:
            verify_list(BOMBS[name], Anchor((A.public,)), now=NOW)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "revocation-list"
    assert peak < 8 * len(BOMBS[name])


def test_many_signatures_cost_no_more_than_one_of_each_key() -> None:
    good = json.loads(sign_list(listed(), [A]))
    (signature,) = good["signatures"]
    spoiled = signature | {"sig": base64.b64encode(bytes(64)).decode()}
    anchor = Anchor((A.public,))
    assert verify_list(json.dumps(good | {"signatures": [signature] + [spoiled] * 15}).encode(), anchor, now=NOW)
    for wrong in ([spoiled] * 15 + [signature], [{"sig": signature["sig"]}]):
        with pytest.raises(PluginRefused) as caught:
            verify_list(json.dumps(good | {"signatures": wrong}).encode(), anchor, now=NOW)
        assert caught.value.code == "revocation-signature"


def test_no_payload_is_parsed_that_nobody_has_signed() -> None:
    with pytest.raises(PluginRefused) as caught:
        verify_list(signed(b"[" * 100_000, B), Anchor((A.public,)), now=NOW)
    assert caught.value.code == "revocation-signature"


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


def test_the_example_of_the_documentation_is_a_list() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "revocations.md"
    example = page.read_text().partition("```json\n")[2].partition("```")[0]
    found = verify_list(signed(example.encode(), A), Anchor((A.public,)), now=1_795_400_000)
    assert (found.version, found.entries[0].plugin, found.grace) == (418, "acme/redact", 14 * 86400)
