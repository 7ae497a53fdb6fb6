"""What a site says for itself: additions that can only add, overrides that are signed, run out and are never silent."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.revocations.lists_made import DIGEST, NOW, SUBJECT, A, D, E, entry, listed

from mcpg.contract.problems import ConfigError
from mcpg_registry.digests import digest_bytes
from mcpg_revocations.envelopes import sign_list, sign_override
from mcpg_revocations.index import check
from mcpg_revocations.lists import DAY, MAX_ADDITIONS, Action, Entry, Override, digest_of
from mcpg_revocations.shipped import ANCHOR, LIST
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = entry(id="S-1", manifest=DIGEST)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site without a feed, whose shipped list blocks one manifest."""
    for name in ("shipped", "additions", "overrides"):
        (tmp_path / name).mkdir()
    ship(tmp_path, BLOCK)
    return Site(
        tmp_path / "state",
        additions=tmp_path / "additions",
        overrides=tmp_path / "overrides",
        site_keys=(E.public,),
        shipped=tmp_path / "shipped",
    )


def ship(folder: Path, *entries: Entry) -> None:
    (folder / "shipped" / ANCHOR).write_text(A.public.pem)
    (folder / "shipped" / LIST).write_bytes(sign_list(listed(*entries), [A]))


def add(site: Site, name: str, document: Any) -> Path:
    assert site.additions is not None
    path = site.additions / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def override(site: Site, name: str = "o.json", key: Any = E, of: Entry = BLOCK, **changes: Any) -> None:
    assert site.overrides is not None
    fields = {"entry": of.id, "digest": digest_of(of), "reason": "needed", "by": "ana", "issued": NOW}
    made = Override(**({"schema": 1} | fields | {"expires": NOW + DAY} | changes))
    (site.overrides / name).write_bytes(sign_override(made, key))


def action(standing: Standing, now: int = NOW) -> Action:
    return check(SUBJECT, standing.index(now)).action


def test_an_addition_adds_and_is_seen_without_a_restart(site: Site) -> None:
    standing = Standing.open(site, NOW)
    assert action(standing) is Action.BLOCK
    assert standing.refresh(NOW) is False
    path = add(
        site, "a.json", {"schema": 1, "entries": [{"id": "L", "action": "kill", "reason": "r", "wasm": SUBJECT.wasm}]}
    )
    assert standing.refresh(NOW) is True
    assert standing.refresh(NOW) is False
    assert action(standing) is Action.KILL
    assert standing.index(NOW).version == 3
    path.unlink()
    assert standing.refresh(NOW) is True
    assert action(standing) is Action.BLOCK


def test_an_addition_can_never_weaken(site: Site) -> None:
    add(site, "a.json", {"schema": 1, "entries": [{"id": "S-1", "action": "warn", "reason": "r", "manifest": DIGEST}]})
    assert action(Standing.open(site, NOW)) is Action.BLOCK


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("", "no json"),
        ("[]", "no json of this kind"),
        ({"schema": 1, "entries": [], "more": 1}, "unknown field"),
        ({"schema": 2, "entries": []}, "schema"),
        ({"schema": 1, "entries": [{"id": "x", "action": "kill", "reason": "r"}]}, "not exactly one"),
        ('{"schema":1,"schema":1}', "twice"),
        ("x" * (MAX_ADDITIONS + 1), "more than"),
    ],
)
def test_an_addition_that_cannot_be_read_is_never_left_out(site: Site, document: Any, told: str) -> None:
    standing = Standing.open(site, NOW)
    add(site, "bad.json", document)
    for attempt in (lambda: Standing.open(site, NOW), lambda: standing.refresh(NOW)):
        with pytest.raises(ConfigError, match=f"(?i){told}") as caught:
            attempt()
        assert (caught.value.code, "bad.json" in caught.value.where) == ("bad-revocations", True)
    assert action(standing) is Action.BLOCK


def test_hidden_and_other_files_are_left_out_and_links_are_followed(site: Site, tmp_path: Path) -> None:
    add(site, ".hidden.json", "not even JSON")
    add(site, "readme.txt", "nor this")
    real = tmp_path / "elsewhere.json"
    real.write_text(
        json.dumps({"schema": 1, "entries": [{"id": "L", "action": "kill", "reason": "r", "key": A.public.id}]})
    )
    assert site.additions is not None
    (site.additions / "linked.json").symlink_to(real)
    assert action(Standing.open(site, NOW)) is Action.KILL


def test_a_pipe_is_not_waited_for(site: Site) -> None:
    assert site.additions is not None
    os.mkfifo(site.additions / "pipe.json")
    with pytest.raises(ConfigError, match="not a regular file"):
        Standing.open(site, NOW)


@pytest.mark.parametrize("made", ["a file", "a link to nothing", "unreadable"])
def test_additions_that_are_no_folder_to_read_are_never_left_out(
    site: Site, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing, folder = Standing.open(site, NOW), site.additions
    assert folder is not None
    if made == "unreadable":  # whoever runs the tests may be allowed to read everything
        monkeypatch.setattr(os, "listdir", lambda _: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    else:
        folder.rmdir()
        folder.write_text("{}") if made == "a file" else folder.symlink_to("nowhere")
    for attempt in (lambda: Standing.open(site, NOW), lambda: standing.refresh(NOW)):
        with pytest.raises(ConfigError, match=r"not a directory|leads nowhere|permission denied") as caught:
            attempt()
        assert (caught.value.code, str(folder) in caught.value.where) == ("bad-revocations", True)
    assert action(standing) is Action.BLOCK


def test_overrides_that_are_no_folder_do_not_count_and_that_is_told(site: Site) -> None:
    assert site.overrides is not None
    site.overrides.rmdir()
    site.overrides.write_text("{}")
    standing = Standing.open(site, NOW)
    assert action(standing) is Action.BLOCK
    assert standing.faults() == ("overrides do not count: not a directory",)


def test_folders_that_are_not_there_yet_hold_nothing(site: Site, tmp_path: Path) -> None:
    bare = Site(site.state, additions=tmp_path / "no" / "a", overrides=tmp_path / "no" / "o", shipped=site.shipped)
    standing = Standing.open(bare, NOW)
    assert (action(standing), standing.faults()) == (Action.BLOCK, ())


def test_too_many_files_are_refused(site: Site) -> None:
    for number in range(257):
        add(site, f"{number}.json", {"schema": 1})
    with pytest.raises(ConfigError, match="found 257 files"):
        Standing.open(site, NOW)


def test_an_override_holds_until_it_runs_out_and_is_told(site: Site) -> None:
    override(site)
    standing = Standing.open(site, NOW)
    assert action(standing) is Action.ALLOW
    assert [each.by for each in standing.overrides(NOW)] == ["ana"]
    assert action(standing, NOW + DAY - 1) is Action.ALLOW
    assert action(standing, NOW + DAY) is Action.BLOCK
    assert standing.overrides(NOW + DAY) == ()
    assert action(standing, NOW - 1) is Action.BLOCK
    assert standing.faults() == ()


def test_an_override_is_of_the_entry_as_it_stood(site: Site, tmp_path: Path) -> None:
    override(site)
    for changed in (entry(id="S-1", manifest=DIGEST, action="kill"), entry(id="S-2", manifest=DIGEST)):
        ship(tmp_path, changed)
        standing = Standing.open(site, NOW)
        assert action(standing) >= Action.BLOCK
        assert standing.overrides(NOW) == ()


def test_an_override_never_hides_what_the_site_added(site: Site) -> None:
    local = {"id": "S-1", "action": "block", "reason": "it leaks", "wasm": SUBJECT.wasm}
    add(site, "a.json", {"schema": 1, "entries": [local]})
    override(site, of=entry(id="S-1", wasm=SUBJECT.wasm))
    standing = Standing.open(site, NOW)
    assert standing.overrides(NOW) == ()
    assert action(standing) is Action.BLOCK


def test_an_override_does_not_hide_the_same_entry_where_the_site_added_it(site: Site) -> None:
    add(site, "a.json", {"schema": 1, "entries": [msgspec.to_builtins(BLOCK)]})
    override(site)
    standing = Standing.open(site, NOW)
    assert action(standing) is Action.BLOCK
    assert list(standing.index(NOW).entries()) == [BLOCK]


def test_an_override_that_nobody_here_signed_does_not_count_and_is_told(site: Site) -> None:
    assert site.overrides is not None
    override(site, key=D)
    (site.overrides / "torn.json").write_bytes(b"{")
    (site.overrides / "list.json").write_bytes(sign_list(listed(), [E]))
    (site.overrides / "folder.json").mkdir()
    standing = Standing.open(site, NOW)
    assert action(standing) is Action.BLOCK
    told = " ".join(standing.faults())
    assert len(standing.faults()) == 4
    for reason in ("no key of the site has signed it", "no JSON", "payload type", "regular file"):
        assert reason in told


def test_an_override_without_keys_of_the_site_never_counts(site: Site) -> None:
    override(site)
    bare = Site(site.state, overrides=site.overrides, shipped=site.shipped)
    assert action(Standing.open(bare, NOW)) is Action.BLOCK


@pytest.mark.parametrize("changes", [{"expires": NOW}, {"expires": NOW + 30 * DAY + 1}, {"digest": "x"}])
def test_an_override_is_bounded(changes: dict[str, Any]) -> None:
    fields = {
        "entry": "S-1",
        "digest": digest_bytes(b""),
        "reason": "r",
        "by": "b",
        "issued": NOW,
        "expires": NOW + DAY,
    }
    with pytest.raises(ValueError, match=r"30 days|is not a digest"):
        Override(**({"schema": 1} | fields | changes))
