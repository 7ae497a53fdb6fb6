"""Sources of secrets: environment and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcpg.effects.secrets import EnvironmentSecrets, FileSecrets

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "value")
    assert await EnvironmentSecrets().read("A_TOKEN") == "value"
    with pytest.raises(KeyError):
        await EnvironmentSecrets().read("NO_TOKEN")


async def test_a_file_without_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"value\r\n")
    (tmp_path / "b").write_bytes(b"value \n\n")
    source = FileSecrets(tmp_path)
    assert [await source.read("a"), await source.read("b")] == ["value", "value \n"]


async def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text("inside")
    (tmp_path / "key").symlink_to("..data/key")
    assert await FileSecrets(tmp_path).read("key") == "inside"


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/passwd", "..", ".", "gone", "out", "large", "binary", "sub", ".hid"]
)
async def test_nothing_else_can_be_read(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "outside").write_text("x")
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "large").write_bytes(b"x" * 20_000)
    (folder / "binary").write_bytes(b"\xff")
    (folder / ".hid").write_text("x")
    (folder / "sub").mkdir()
    with pytest.raises(KeyError):
        await FileSecrets(folder).read(name)
