"""`mcpg doctor` on revocations: what is wrong with keys, list and feed is found, and nothing is taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from tests.gateway.killing import Authority, kill

from mcpg.cli.checks_revocations import revocations
from mcpg.cli.findings import Subject
from mcpg.config import load
from mcpg.gateway.revocation_site import open_standing

if TYPE_CHECKING:
    from typing import Any

    from tests.cli.conftest import Folder


class House:
    """A folder with a file whose section on revocations can be set."""

    def __init__(self, folder: Folder) -> None:
        self._path = Path(folder.config)
        self.authority = Authority(self._path.parent)

    def found(self, **section: Any) -> list[tuple[str, str]]:
        """Return state and text of each finding, with a remedy wherever it is not good."""
        subject = self.subject(**section)
        found = list(revocations(subject))
        assert all(each.remedy for each in found if each.state != "good"), found
        return [(each.state, each.what) for each in found]

    def subject(self, **section: Any) -> Subject:
        document = yaml.safe_load(self._path.read_text())
        self._path.write_text(yaml.safe_dump(document | {"revocations": section}))
        loaded = load(self._path)
        return Subject(self._path, loaded.state, loaded.ledger, loaded)


@pytest.fixture
def house(folder: Folder) -> House:
    return House(folder)


def test_without_a_word_on_it_the_list_that_ships_is_fresh(house: House) -> None:
    assert [state for state, _ in house.found()] == ["good"]


def test_a_key_that_cannot_be_read_is_found(house: House) -> None:
    ((state, what),) = house.found(anchor={"keys": ["nowhere.pem"], "threshold": 1})
    assert (state, what) == ("bad", "revocations.anchor.keys: `nowhere.pem`: no such file or directory")


def test_the_state_of_the_list_and_an_override_that_nobody_signed_are_found(house: House) -> None:
    authority = house.authority
    assert [state for state, _ in house.found(**authority.section())] == ["good", "doubtful"]
    loaded = house.subject(**authority.section()).loaded
    assert loaded is not None
    publisher, now = authority.publisher, int(time.time())
    open_standing(loaded, now).offer(publisher.issue(kill("backend-mock")), now)
    authority.store(b"{}", "overrides/bad.json")
    (_, first, second) = house.found(**authority.section())
    assert first == ("good", "the list of `acme.example/revocations`, version 1, is fresh")
    assert second[0] == "bad"
    assert "override `bad.json` does not count" in second[1]
    publisher.clock = lambda: now - 10 * 86_400
    open_standing(loaded, now).offer(publisher.issue(), now)
    assert house.found(**authority.section())[1][0] == "doubtful"


def test_the_feed_is_asked_and_nothing_is_taken(house: House) -> None:
    authority = house.authority
    section = authority.section(feed="file:feed.json")
    assert house.found(**section)[-1][0] == "bad"
    text = authority.publisher.issue()
    authority.store(text)
    assert house.found(**section)[-1][1].endswith(f"feed.json` has a list of {len(text)} bytes")
    assert house.found(**section)[1] == ("doubtful", "no list has been taken yet")
