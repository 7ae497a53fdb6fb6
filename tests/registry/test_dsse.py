from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg_registry.trust.dsse import Envelope, Signature, parse_envelope, pre_auth_encoding
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.signing import sign_envelope
from mcpg_registry.trust.verification import envelope_signers

KEY = PrivateKey.generate()
kinds = st.from_regex(r"[!-~]{1,40}", fullmatch=True)


def test_the_encoding_is_that_of_the_specification() -> None:
    assert pre_auth_encoding("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(kinds, st.binary(max_size=60), kinds, st.binary(max_size=60))
def test_two_envelopes_have_the_same_signed_bytes_only_if_they_are_the_same(a: str, x: bytes, b: str, y: bytes) -> None:
    assert (pre_auth_encoding(a, x) == pre_auth_encoding(b, y)) == ((a, x) == (b, y))


@given(st.text(max_size=20), st.binary(max_size=20), st.text(max_size=20), st.binary(max_size=20))
def test_spaces_and_digits_in_the_type_move_no_border(a: str, x: bytes, b: str, y: bytes) -> None:
    try:
        same = pre_auth_encoding(a, x) == pre_auth_encoding(b, y)
    except UnicodeEncodeError:
        return
    assert same == ((a, x) == (b, y))


@given(kinds, st.binary(max_size=200), st.data())
def test_a_changed_byte_is_noticed(kind: str, payload: bytes, data: st.DataObject) -> None:
    envelope = sign_envelope(kind, payload, [KEY])
    assert parse_envelope(envelope.document()) == envelope
    assert envelope_signers(envelope, [KEY.public]) == {KEY.public.id}
    at = data.draw(st.integers(0, 63))
    bit = 1 << data.draw(st.integers(0, 7))
    sig = bytearray(envelope.signatures[0].sig)
    sig[at] ^= bit
    assert not envelope_signers(Envelope(kind, payload, (Signature(bytes(sig)),)), [KEY.public])
    assert not envelope_signers(Envelope(kind, payload + b"x", envelope.signatures), [KEY.public])
    assert not envelope_signers(Envelope(kind + "x", payload, envelope.signatures), [KEY.public])
    assert not envelope_signers(envelope, [PrivateKey.generate().public])


def test_one_key_counts_once_however_often_it_signs() -> None:
    envelope = sign_envelope("t", b"x", [KEY, KEY, KEY])
    assert len(envelope_signers(envelope, [KEY.public])) == 1


def _document(**changes: object) -> dict[str, object]:
    sig = {"sig": base64.b64encode(b"s").decode()}
    return {"payload": "eA==", "payloadType": "t", "signatures": [sig]} | changes


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "a DSSE envelope has"),
        ([], "a DSSE envelope has"),
        (_document(extra=1), "nothing else"),
        (_document(payload=None), "payload is no text"),
        (_document(payload="eA"), "no base64"),
        (_document(payload="eA==\n"), "no base64"),
        (_document(payload="eB=="), "canonical"),
        (_document(payload="_-_-"), "no base64"),
        (_document(payloadType=""), "payloadType"),
        (_document(payloadType="a b"), "payloadType"),
        (_document(payloadType="x" * 300), "payloadType"),
        (_document(signatures=[]), "signatures is no list"),
        (_document(signatures=[{"sig": "eA=="}] * 17), "signatures is no list"),
        (_document(signatures=["x"]), "a signature has"),
        (_document(signatures=[{"sig": "eA==", "cert": "x"}]), "a signature has"),
        (_document(signatures=[{}]), "sig is no text"),
        (_document(signatures=[{"sig": "eA==", "keyid": 1}]), "keyid"),
    ],
)
def test_envelopes_out_of_shape(document: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_envelope(document)
