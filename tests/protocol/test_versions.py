"""Versions: eras, order and what initialize answers."""

from __future__ import annotations

import pytest

from mcpg.protocol.versions import HANDSHAKE, KNOWN, MODERN, Era, at_least, era_of, negotiate


def test_every_known_version_has_one_era() -> None:
    assert HANDSHAKE + MODERN == KNOWN
    assert {era_of(version) for version in HANDSHAKE} == {Era.LEGACY}
    assert {era_of(version) for version in MODERN} == {Era.MODERN}


def test_a_version_outside_the_set_has_no_order() -> None:
    assert at_least("2025-06-18", "2025-03-26")
    assert not at_least("2025-03-26", "2025-06-18")
    with pytest.raises(KeyError):
        at_least("2099-01-01", "2025-03-26")
    with pytest.raises(KeyError):
        era_of("2025-06-19")


@pytest.mark.parametrize("version", HANDSHAKE)
def test_initialize_agrees_to_a_version_with_a_handshake(version: str) -> None:
    assert negotiate(version) == version


@pytest.mark.parametrize("version", ["2026-07-28", "1999-01-01", "", None, 5, ["2025-03-26"], {}])
def test_initialize_never_answers_a_modern_or_unknown_version(version: object) -> None:
    assert negotiate(version) == "2025-11-25"
