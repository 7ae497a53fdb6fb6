from __future__ import annotations

import logging
import multiprocessing
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sandbox.world import guest_bytes

from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg.sandbox.cache import CompileCache

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "cache"


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.cwasm"))


async def compilations(directory: Path) -> int:
    """Start, load the good guest, stop; and count what was compiled."""
    lines: list[str] = []
    box = Sandbox(SandboxSettings(cache=directory))
    await box.load(guest_bytes("good"), label="good", progress=lines.append)
    await box.stop()
    return len(lines) // 2


def test_what_is_written_is_read_again(directory: Path) -> None:
    CompileCache(directory, 1000).write(DIGEST, b"code")
    assert CompileCache(directory, 1000).read(DIGEST) == b"code"
    assert CompileCache(directory, 1000).read("sha256:other") is None


def test_the_directory_and_the_key_are_for_the_owner_alone(directory: Path) -> None:
    CompileCache(directory, 1000).write(DIGEST, b"code")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "key").stat().st_mode & 0o777 == 0o600
    assert all(path.stat().st_mode & 0o077 == 0 for path in files(directory))
    assert not [path for path in directory.iterdir() if path.name.startswith(".")]


TAMPERINGS: list[Callable[[bytes], bytes]] = [
    lambda text: text[:-1] + bytes([text[-1] ^ 1]),
    lambda text: text[:10] + bytes([text[10] ^ 1]) + text[11:],
    lambda text: text[:-1],
    lambda text: text + b"x",
    lambda _: b"",
    lambda text: b"x" + text[1:],
    lambda text: text[:8] + bytes(32) + text[40:],
]


@pytest.mark.parametrize("tamper", TAMPERINGS)
async def test_a_changed_file_is_never_loaded(
    directory: Path, tamper: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    assert await compilations(directory) == 1
    assert await compilations(directory) == 0
    (path,) = files(directory)
    path.write_bytes(tamper(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert await compilations(directory) == 1
    assert "has a wrong MAC" in caplog.text
    assert await compilations(directory) == 0


async def test_another_components_form_under_this_name_is_never_loaded(directory: Path) -> None:
    cache = CompileCache(directory, 1 << 20)
    cache.write(DIGEST, b"other")
    (other,) = files(directory)
    cache.write("sha256:1", b"this")
    (this,) = (path for path in files(directory) if path != other)
    this.write_bytes(other.read_bytes())
    assert cache.read("sha256:1") is None


def test_another_engine_or_setting_has_another_file(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CompileCache(directory, 1 << 20)
    cache.write(DIGEST, b"code")
    monkeypatch.setattr("mcpg.sandbox.cache.ENGINE_VERSION", "wasmtime-0")
    assert cache.read(DIGEST) is None
    monkeypatch.undo()
    monkeypatch.setattr("mcpg.sandbox.cache.SETTINGS", {})
    assert cache.read(DIGEST) is None


async def test_a_form_that_the_engine_does_not_take_is_compiled_again(directory: Path) -> None:
    assert await compilations(directory) == 1
    box = Sandbox(SandboxSettings(cache=directory))
    digest = (await box.inspect(guest_bytes("good"))).digest
    await box.stop()
    CompileCache(directory, 1 << 20).write(digest, b"not native code at all")
    assert await compilations(directory) == 1
    assert await compilations(directory) == 0


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_key_that_others_can_read_is_replaced(directory: Path, mode: int) -> None:
    CompileCache(directory, 1000).write(DIGEST, b"code")
    key = directory / "key"
    before = key.read_bytes()
    key.chmod(mode)
    assert CompileCache(directory, 1000).read(DIGEST) is None
    assert key.read_bytes() != before
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_key_of_another_length_is_replaced(directory: Path) -> None:
    CompileCache(directory, 1000).write(DIGEST, b"code")
    (directory / "key").write_bytes(b"short")
    assert CompileCache(directory, 1000).read(DIGEST) is None
    assert len((directory / "key").read_bytes()) == 32


def test_the_longest_unused_go_when_there_is_too_much(directory: Path) -> None:
    cache = CompileCache(directory, 3 * 1040)
    for number in range(3):
        cache.write(f"sha256:{number}", bytes(1000))
        os.utime(cache._path(f"sha256:{number}"), (number, number))
    assert cache.read("sha256:0") is not None
    cache.write("sha256:3", bytes(1000))
    assert [cache.read(f"sha256:{number}") is not None for number in range(4)] == [True, False, True, True]


def test_one_form_larger_than_the_bound_is_kept_until_the_next(directory: Path) -> None:
    cache = CompileCache(directory, 10)
    cache.write(DIGEST, bytes(1000))
    cache.write("sha256:1", bytes(1000))
    assert len(files(directory)) == 1


def test_a_disk_that_cannot_be_written_costs_only_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CompileCache(tmp_path / "file", 1000)
    with caplog.at_level(logging.WARNING):
        cache.write(DIGEST, b"code")
    assert "cannot be kept" in caplog.text
    assert cache.read(DIGEST) is None


def test_a_key_that_is_a_link_is_not_followed(directory: Path, tmp_path: Path) -> None:
    directory.mkdir(parents=True)
    (tmp_path / "known").write_bytes(b"k" * 32)
    (directory / "key").symlink_to(tmp_path / "known")
    cache = CompileCache(directory, 1000)
    cache.write(DIGEST, b"code")
    assert cache.read(DIGEST) is None
    assert files(directory) == []


def _write_many(directory: str, number: int) -> None:
    cache = CompileCache(Path(directory), 1 << 20)
    for turn in range(20):
        cache.write(f"sha256:{turn}", b"%d" % turn * 1000)
        found = cache.read(f"sha256:{(turn + number) % 20}")
        if found is not None and found != b"%d" % ((turn + number) % 20) * 1000:
            raise AssertionError("another form was read")


def test_two_processes_can_share_a_directory(directory: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write_many, args=(str(directory), number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    cache = CompileCache(directory, 1 << 20)
    assert all(cache.read(f"sha256:{turn}") == b"%d" % turn * 1000 for turn in range(20))
