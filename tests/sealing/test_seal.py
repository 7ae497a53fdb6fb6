"""Tokens: what was sealed opens, for the same purpose and binding only, and nothing else ever does."""

from __future__ import annotations

import base64
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.sealing import Sealer, SealKey, SealKeys, Unsealed

KEYS = SealKeys(SealKey.generate())
SEALER = Sealer(KEYS)


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def unsealed(sealer: Sealer, purpose: str, token: str, bind: bytes) -> Unsealed:
    with pytest.raises(Unsealed) as caught:
        sealer.open(purpose, token, bind=bind)
    return caught.value


@given(payload=st.binary(max_size=2000), purpose=st.text(max_size=20), bind=st.binary(max_size=50))
def test_what_was_sealed_opens(payload: bytes, purpose: str, bind: bytes) -> None:
    token = SEALER.seal(purpose, payload, bind=bind, ttl=60)
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()
    assert SEALER.open(purpose, token, bind=bind) == payload


@given(payload=st.binary(max_size=40), data=st.data())
def test_any_changed_character_is_refused(payload: bytes, data: st.DataObject) -> None:
    token = SEALER.seal("session", payload, bind=b"ana", ttl=60)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda each: each != token[place]))
    unsealed(SEALER, "session", token[:place] + other + token[place + 1 :], b"ana")


@given(payload=st.binary(max_size=40), data=st.data())
def test_any_cut_or_longer_token_is_refused(payload: bytes, data: st.DataObject) -> None:
    token = SEALER.seal("session", payload, bind=b"ana", ttl=60)
    unsealed(SEALER, "session", token[: data.draw(st.integers(0, len(token) - 1))], b"ana")
    unsealed(SEALER, "session", token + data.draw(st.text(min_size=1, max_size=5)), b"ana")


@given(st.text(max_size=200))
def test_garbage_is_refused(token: str) -> None:
    unsealed(SEALER, "session", token, b"")


@given(
    one=st.tuples(st.text(max_size=5), st.binary(max_size=5)),
    other=st.tuples(st.text(max_size=5), st.binary(max_size=5)),
)
def test_another_purpose_or_binding_is_refused(one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
    token = SEALER.seal(one[0], b"x", bind=one[1], ttl=60)
    if one != other:
        unsealed(SEALER, other[0], token, other[1])


def test_purpose_and_binding_do_not_run_into_each_other() -> None:
    unsealed(SEALER, "a", SEALER.seal("ab", b"x", bind=b"c", ttl=60), b"bc")


def test_a_token_ends_with_its_time() -> None:
    clock = Clock()
    sealer = Sealer(KEYS, clock=clock)
    token = sealer.seal("cursor", b"x", bind=b"", ttl=10)
    clock.now += 9.998
    assert sealer.open("cursor", token, bind=b"") == b"x"
    clock.now += 0.002
    unsealed(sealer, "cursor", token, b"")


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf")])
def test_a_token_without_a_proper_end_is_not_made(ttl: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        SEALER.seal("cursor", b"", bind=b"", ttl=ttl)


def test_a_payload_that_makes_no_token_is_refused_when_it_is_sealed() -> None:
    with pytest.raises(ValueError, match="too large"):
        SEALER.seal("cursor", b"x" * 200_000, bind=b"", ttl=1)
    largest = b"x" * 190_000
    assert SEALER.open("cursor", SEALER.seal("cursor", largest, bind=b"", ttl=60), bind=b"") == largest


def test_old_keys_open_until_they_are_dropped() -> None:
    first = SealKeys(SealKey.generate())
    token = Sealer(first).seal("session", b"x", bind=b"", ttl=60)
    second = first.rotated(keep=1)
    assert Sealer(second).open("session", token, bind=b"") == b"x"
    assert second.current not in first.all
    unsealed(Sealer(second.rotated(keep=1)), "session", token, b"")


def test_a_running_sealer_takes_rotated_keys() -> None:
    first = SealKeys(SealKey.generate())
    sealer = Sealer(first)
    old = sealer.seal("session", b"old", bind=b"", ttl=60)
    sealer.replace_keys(first.rotated(keep=1))
    new = sealer.seal("session", b"new", bind=b"", ttl=60)
    assert sealer.open("session", old, bind=b"") == b"old"
    unsealed(Sealer(first), "session", new, b"")


def test_the_key_id_cannot_be_swapped_for_that_of_another_key() -> None:
    one, two = SealKey.generate(), SealKey.generate()
    raw = base64.urlsafe_b64decode(_padded(Sealer(SealKeys(one)).seal("s", b"x", bind=b"", ttl=60)))
    swapped = base64.urlsafe_b64encode(raw[:1] + two.key_id + raw[7:]).rstrip(b"=").decode()
    unsealed(Sealer(SealKeys(one, (two,))), "s", swapped, b"")


def test_every_refusal_is_the_same_and_leaks_nothing() -> None:
    clock = Clock()
    sealer = Sealer(KEYS, clock=clock)
    token = sealer.seal("session", b"the-payload", bind=b"the-bind", ttl=1)
    stranger = Sealer(SealKeys(SealKey.generate())).seal("session", b"", bind=b"the-bind", ttl=1)
    refusals = [
        unsealed(sealer, "session", bad, b"the-bind") for bad in ("", "!!!", "a" * 300_000, stranger, token[:-2])
    ]
    refusals.append(unsealed(sealer, "other", token, b"the-bind"))
    refusals.append(unsealed(sealer, "session", token, b"other"))
    clock.now += 2
    refusals.append(unsealed(sealer, "session", token, b"the-bind"))
    assert len({refusal.diagnostics() for refusal in refusals}) == 1
    for refusal in refusals:
        assert refusal.__cause__ is None
        assert refusal.__context__ is None or refusal.__suppress_context__
        assert "the-payload" not in "".join(traceback.format_exception(refusal, chain=True))


def test_two_tokens_of_one_payload_differ() -> None:
    assert len({SEALER.seal("session", b"x", bind=b"", ttl=60) for _ in range(100)}) == 100


def _padded(token: str) -> str:
    return token + "=" * (-len(token) % 4)
