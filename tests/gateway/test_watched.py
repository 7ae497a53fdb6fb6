"""Which folders are watched for changes: the file's own and those below it, not where the gateway writes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from mcpg.gateway import serve

if TYPE_CHECKING:
    from pathlib import Path


def loaded(folder: Path, state: Path) -> Any:
    store = folder / "plugins"
    return SimpleNamespace(path=folder / "mcpg.yaml", state=state, ledger=state / "ledger.db", store=store)


def test_folders_below_are_watched_without_state_and_hidden_ones(tmp_path: Path) -> None:
    for name in ("policies/team", "data", ".git", "state/compiled", "plugins/receipts"):
        (tmp_path / name).mkdir(parents=True)
    found = serve._folders(loaded(tmp_path, tmp_path / "state"))
    assert set(found) == {tmp_path, tmp_path / "policies", tmp_path / "policies" / "team", tmp_path / "data"}


def test_a_state_beside_the_file_does_not_hide_the_file(tmp_path: Path) -> None:
    assert serve._folders(loaded(tmp_path, tmp_path)) == [tmp_path]


def test_the_number_of_folders_is_bounded(tmp_path: Path, monkeypatch: Any) -> None:
    for number in range(10):
        (tmp_path / f"{number}").mkdir()
    monkeypatch.setattr(serve, "MOST_FOLDERS", 4)
    assert len(serve._folders(loaded(tmp_path, tmp_path / ".state"))) == 4
