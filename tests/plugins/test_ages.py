"""What ships dies of no age: bundle, anchor and list verify years later, and after they were made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.plugins.kitchen import bake

from mcpg.contract.problems import PluginRefused
from mcpg.plugins.builtin import Bundle
from mcpg.plugins.components import judge_component
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations import shipped
from mcpg_revocations.lists import DAY, Entry, RevocationList
from mcpg_revocations.rules import sign_list
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from pathlib import Path

MADE = 1_795_000_000
AGES = (MADE, MADE + 3 * 366 * DAY, MADE + 50 * 366 * DAY)


def verify(bundle: Bundle, site: Site, now: int) -> int:
    """Let every built-in plugin in as a start does, and return how many there are."""
    index = Standing.open(site, now).for_loading(now, locked=True, shipped_at_least=bundle.lock.revocations)
    for name in bundle.names():
        judge_component(bundle.verify(name, index, now), index, name)
    return len(bundle.names())


@pytest.mark.parametrize("now", AGES)
def test_the_program_verifies_at_any_age(tmp_path: Path, now: int) -> None:
    assert verify(Bundle.open(), Site(tmp_path / "state"), now) > 5


@pytest.mark.parametrize("now", AGES)
def test_what_was_made_anew_with_another_key_verifies_at_any_age(tmp_path: Path, now: int) -> None:
    for _ in range(2):
        places = bake(tmp_path / "program", key=PrivateKey.generate())
        site = Site(tmp_path / "state", shipped=places.revocations)
        assert verify(Bundle.open(places.bundle), site, now) == 2


def test_what_the_shipped_list_revokes_does_not_load_at_any_age(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    places = bake(tmp_path / "program", key=key)
    entry = Entry(id="S-1", action="block", reason="it leaks", plugin="mcpg/echo", versions="*")
    listed = RevocationList(schema=1, version=2, entries=(entry,))
    (places.revocations / shipped.LIST).write_bytes(sign_list(listed, [key]))
    for now in AGES:
        with pytest.raises(PluginRefused, match="it leaks") as caught:
            verify(Bundle.open(places.bundle), Site(tmp_path / "state", shipped=places.revocations), now)
        assert caught.value.code == "plugin-revoked"
