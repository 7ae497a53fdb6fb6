"""What a publisher does: lists that follow each other, signatures one by one, and the chain that sites catch up by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.revocations.lists_made import DIGEST, NOW, A, B, C, D, entry, listed

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg_registry.signers import FileSigner
from mcpg_revocations import publishing
from mcpg_revocations.envelopes import MAX_CHAIN, Anchor, sign_list
from mcpg_revocations.lists import DAY, NextKeys
from mcpg_revocations.publishing import Change, Published, next_list, read_published, sign_envelope_with, start
from mcpg_revocations.rules import Known, accept_chain

if TYPE_CHECKING:
    from mcpg_registry.trust.keys import PrivateKey

ANCHOR = Anchor((A.public, B.public, C.public), 2)
FIRST = Change(add=(entry(id="1", manifest=DIGEST),), issuer="acme.example")


async def made(published: Published | None, change: Change, *keys: PrivateKey, now: int = NOW) -> Published:
    """Return the publisher's file after one more list."""
    drafted = next_list(published, change, now)
    grown = published.then(drafted) if published else start(drafted)
    return read_published((await sign_envelope_with(grown, [FileSigner(key) for key in keys])).text())


async def test_signatures_are_added_one_by_one_and_the_same_key_counts_once() -> None:
    published = await made(None, FIRST, A)
    with pytest.raises(PluginRefused, match="found 1 valid"):
        accept_chain(Known(ANCHOR), published.text(), now=NOW)
    for _ in range(2):
        published = await sign_envelope_with(published, [FileSigner(B)])
    assert [each.key_id for each in published.envelopes[-1].signatures] == [A.public.id, B.public.id]
    assert accept_chain(Known(ANCHOR), published.text(), now=NOW).version == 1


async def test_a_list_follows_the_bytes_before_it_however_they_are_spelled() -> None:
    spelled = read_published(sign_list(listed(), [A, B]).replace(b'{"payload"', b' {"payload"'))
    assert next_list(spelled, Change(), NOW).previous == spelled.digest


async def test_a_long_life_of_lists_is_always_taken() -> None:
    published = await made(None, FIRST, A, B)
    known = accept_chain(Known(ANCHOR), published.text(), now=NOW)
    for day in range(1, 30):
        now = NOW + day * DAY
        change = Change(add=(entry(id=f"d{day}", key=A.public.id),), remove=(f"d{day - 1}",) if day > 1 else ())
        published = await made(published, change, *((A, B), (B, C), (A, C))[day % 3], now=now)
        known = accept_chain(known, published.text(), now=now)
        assert (known.version, len(published.envelopes)) == (day + 1, 1)
    assert known.held is not None
    assert [each.id for each in known.held.entries] == ["1", "d29"]


async def test_a_chain_never_grows_beyond_what_sites_take() -> None:
    published = await made(None, FIRST, A, B)
    anchor = NextKeys(next=(A.public.pem, B.public.pem), threshold=2)
    for _ in range(MAX_CHAIN + 4):
        published = await made(published, Change(keys=anchor), A, B)
    assert len(published.envelopes) == MAX_CHAIN
    assert accept_chain(Known(ANCHOR), published.text(), now=NOW).version == MAX_CHAIN + 5


async def test_keys_that_were_only_announced_stay_in_the_chain_until_they_count() -> None:
    first = await made(None, FIRST, A, B)
    away = accept_chain(Known(ANCHOR), first.text(), now=NOW)
    announced = await made(first, Change(keys=NextKeys(next=(C.public.pem, D.public.pem), threshold=2)), A, B)
    handed = await made(announced, Change(), A, B, C, D)
    later = await made(handed, Change(), C, D)
    for published in (announced, handed, later):
        taken = accept_chain(away, published.text(), now=NOW)
        assert taken.version == published.last.version
    assert taken.anchor == Anchor((C.public, D.public), 2)


async def test_a_file_that_sites_would_refuse_for_its_size_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    published = await made(None, FIRST, A, B)
    for bound, size in (("MAX_OFFER", 100), ("MAX_LIST", 101)):
        monkeypatch.setattr(publishing, bound, size)
        with pytest.raises(ConfigError, match=f"at most {size}"):
            published.text()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (Change(remove=("nobody",)), "no entry `nobody`"),
        (Change(add=(entry(id="1", wasm=DIGEST),)), "is there already"),
        (Change(issuer="other"), "are of `acme.example`"),
        (Change(version=1), "last list is version 1"),
        (Change(emergency=True, remove=("1",)), "only adds"),
        (Change(emergency=True, keys=NextKeys(next=(A.public.pem,), threshold=1)), "only adds"),
    ],
)
async def test_what_cannot_follow_is_refused(change: Change, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        next_list(await made(None, FIRST, A), change, NOW)
    assert caught.value.code == "bad-revocations"


@pytest.mark.parametrize("more", [{}, {"issuer": "x", "emergency": True}, {"issuer": "x", "remove": ("1",)}])
def test_a_first_list_has_an_issuer_and_takes_nothing_back(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="first list"):
        next_list(None, Change(**more), NOW)


async def test_an_entry_is_replaced_in_one_step() -> None:
    published = await made(None, FIRST, A)
    worse = entry(id="1", manifest=DIGEST, action="kill")
    assert next_list(published, Change(remove=("1",), add=(worse,)), NOW).entries == (worse,)
