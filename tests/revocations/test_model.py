"""Any sequence of lists, honest or not, against what TUF's rules promise: checked after each one that is taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.revocations.lists_made import NOW, A, B, C, D, E, entry

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_registry.trust.dsse import parse_envelope
from mcpg_registry.trust.verification import envelope_signers
from mcpg_revocations.envelopes import Anchor, chain_text, sign_list
from mcpg_revocations.lists import DAY, NextKeys, RevocationList, encode
from mcpg_revocations.rules import MAX_EMERGENCIES, Known, accept_chain

KEYS = (A, B, C, D, E)
FIRST = Anchor((A.public, B.public, C.public), 2)
ENTRIES = tuple(entry(id=str(number), manifest=digest_bytes(bytes([number]))) for number in range(4))
CHANGED = tuple(msgspec.structs.replace(each, action="warn") for each in ENTRIES)


@dataclass
class World:
    """What was published, what one site knows, and everything that it ever took."""

    known: Known = field(default_factory=lambda: Known(FIRST))
    now: int = NOW
    texts: list[bytes] = field(default_factory=list)
    taken: list[Known] = field(default_factory=list)


lists = st.fixed_dictionaries(
    {
        "honest": st.sampled_from([True, True, False]),
        "jump": st.sampled_from([-1, 0, 1, 1, 1, 1, 2, 5, MAX_EMERGENCIES + 1]),
        "chained": st.sampled_from([True, True, True, False]),
        "emergency": st.sampled_from([False, False, True]),
        "entries": st.sets(st.sampled_from(ENTRIES + CHANGED[:1]), max_size=4),
        "keep": st.booleans(),
        "signers": st.sets(st.sampled_from(KEYS), max_size=4),
        "life": st.sampled_from([-15, 0, 1, 1, 1]),
        "same_life": st.booleans(),
        "keys": st.sampled_from([None, None, None, "both", "announce"]),
    }
)
steps = st.one_of(
    lists.map(lambda made: ("list", made)),
    st.integers(0, 20).map(lambda place: ("again", place)),
    st.lists(st.integers(0, 20), min_size=1, max_size=4).map(lambda places: ("chain", places)),
    st.sampled_from([0, 3600, DAY, 16 * DAY]).map(lambda seconds: ("wait", seconds)),
)


def draft(world: World, made: dict[str, Any]) -> bytes:
    """Return the bytes of a list on top of what the site holds: perhaps honest, perhaps not."""
    held = world.known.held
    if made["honest"]:
        kept = {"keep": True, "same_life": True, "keys": None, "entries": made["entries"] & set(ENTRIES)}
        made = made | {"jump": 1, "chained": True, "life": 1, "same_life": False} | (kept if made["emergency"] else {})
    entries = {each.id: each for each in (held.entries if held and made["keep"] else ())}
    for each in made["entries"]:
        entries.setdefault(each.id, each)
    like = held if held and made["same_life"] else None
    drafted = RevocationList(
        schema=1,
        version=max(1, world.known.version + made["jump"]),
        issuer="x",
        previous=world.known.digest if made["chained"] else "",
        issued=0,
        expires=like.expires if like else max(0, world.now + made["life"] * DAY),
        grace=like.grace if like else 14 * DAY,
        emergency=made["emergency"],
        keys=NextKeys(next=(C.public.pem, D.public.pem, E.public.pem), threshold=2) if made["keys"] else None,
        entries=tuple(entries.values()),
    )
    wanted = {key.id for key in world.known.anchor.keys} if made["honest"] else set()
    if made["honest"] and world.known.announced and not made["emergency"]:
        wanted |= {key.id for key in world.known.announced.keys}
    signers = made["signers"] | ({A, B, D, E} if made["keys"] == "both" else {A, B} if made["keys"] else set())
    return sign_list(drafted, [key for key in KEYS if key in (signers or {A}) or key.public.id in wanted])


def offer(world: World, text: bytes) -> None:
    before, refusal = world.known, None
    try:
        world.known = accept_chain(before, text, now=world.now)
    except PluginRefused as error:
        refusal = error
    if refusal is not None:
        assert (refusal.step, refusal.code.partition("-")[0]) == (4, "revocation")
        return
    if world.known is before:
        assert before.held is not None
        return
    check(before, world.known, text, world.now, chain=b'"lists"' in text[:16])
    world.taken.append(world.known)


def check(before: Known, after: Known, text: bytes, now: int, *, chain: bool) -> None:
    """Assert what must be true of a list that was taken, whoever made it."""
    held = after.held
    assert held is not None
    assert held.expires is not None
    assert held.expires + held.grace >= now
    assert after.version > before.version
    assert after.full <= after.version <= after.full + MAX_EMERGENCIES
    assert after.text == text
    if chain:
        return
    envelope = parse_envelope(msgspec.json.decode(text))
    assert after.digest == digest_bytes(envelope.payload) == digest_bytes(encode(held))
    signers = envelope_signers(envelope, [key.public for key in KEYS])
    old = len(signers & {key.id for key in before.anchor.keys})
    assert old >= (1 if held.emergency else before.anchor.threshold)
    if before.held is not None and after.version == before.version + 1:
        assert held.previous == before.digest
    if held.emergency:
        assert before.held is not None
        assert set(before.held.entries) <= set(held.entries)
        assert (after.anchor, after.announced, after.full) == (before.anchor, before.announced, before.full)
        assert (held.expires, held.grace) == (before.held.expires, before.held.grace)
    elif after.anchor != before.anchor:
        new = len(signers & {key.id for key in after.anchor.keys})
        assert new >= after.anchor.threshold
    if before.announced is not None and not held.emergency:
        assert len(signers & {key.id for key in before.announced.keys}) >= before.announced.threshold


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=12))
def test_no_sequence_of_lists_breaks_a_rule(sequence: list[tuple[str, Any]]) -> None:
    world = World()
    for kind, what in sequence:
        if kind == "wait":
            world.now += what
        elif kind == "list":
            world.texts.append(draft(world, what))
            offer(world, world.texts[-1])
        elif kind == "again" and world.texts:
            offer(world, world.texts[what % len(world.texts)])
        elif kind == "chain" and world.texts:
            chosen = [world.texts[place % len(world.texts)] for place in what]
            offer(world, chain_text([parse_envelope(msgspec.json.decode(text)) for text in chosen]))
    versions = [known.version for known in world.taken]
    assert versions == sorted(set(versions))
    for known in world.taken[:-1]:
        try:
            again = accept_chain(world.known, known.text, now=0)
        except PluginRefused:
            continue
        assert again is world.known


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["full", "emergency", "rotate"]), max_size=8), st.data())
def test_an_honest_publisher_is_believed_whatever_was_missed(plan: list[str], data: st.DataObject) -> None:
    """A site that sees only some lists, then the publisher's whole chain, ends where one that saw all does."""
    texts, last, signers = [], None, (A, B)
    for number, kind in enumerate(["full", *plan], 1):
        keys = None
        if kind == "rotate":
            coming = (C, D) if signers == (A, B) else (A, B)
            keys = NextKeys(next=tuple(key.public.pem for key in coming), threshold=2)
        drafted = RevocationList(
            schema=1,
            version=number,
            issuer="x",
            previous=digest_bytes(encode(last)) if last else "",
            expires=last.expires if last and kind == "emergency" else NOW + number * DAY,
            grace=DAY,
            emergency=kind == "emergency",
            keys=keys,
            entries=(*(last.entries if last else ()), entry(id=str(number), manifest=digest_bytes(bytes([number])))),
        )
        by = signers[:1] if kind == "emergency" else (*signers, *coming) if keys else signers
        texts.append(sign_list(drafted, by))
        last, signers = drafted, (coming if keys else signers)
    known = Known(Anchor((A.public, B.public), 2))
    for text in texts:
        if data.draw(st.booleans()):
            try:
                known = accept_chain(known, text, now=NOW)
            except PluginRefused as error:
                assert error.code in {"revocation-signature", "revocation-emergency"}  # noqa: PT017 - both may be
    everything = chain_text([parse_envelope(msgspec.json.decode(text)) for text in texts])
    assert accept_chain(known, everything, now=NOW).held == last
