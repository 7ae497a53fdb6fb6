from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.shelves import NAME, good

from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.manifests import Descriptor
from mcpg_registry.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg_registry.ingest import Ingest

DATA = bytes(range(256)) * 64
LAYER = Descriptor(media.WASM, digest_bytes(DATA), len(DATA))


def begin(store: Store, layer: Descriptor = LAYER) -> Ingest:
    partial = store.ingest(layer)
    assert partial is not None
    return partial


def test_a_blob_comes_in_pieces_and_is_there_when_it_is_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        for place in range(0, len(DATA), 1000):
            partial.write(DATA[place : place + 1000])
        assert not store.has(LAYER)
        assert partial.finish() == DATA
        partial.commit()
        partial.drop()
    assert store.read(LAYER, media.MAX_LAYER) == DATA
    assert list(store.partials.iterdir()) == []


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.write(DATA[:5000])
    with begin(store) as partial:
        assert (partial.offset, partial.resumed) == (5000, True)
        partial.write(DATA[5000:])
        partial.finish()
        partial.commit()
    assert store.has(LAYER)


@given(cuts=st.lists(st.integers(0, len(DATA)), max_size=6))
def test_any_number_of_interruptions_gives_the_same_blob(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    for cut in sorted(cuts):
        with begin(store) as partial:
            partial.write(DATA[partial.offset : cut])
    with begin(store) as partial:
        assert partial.offset == max(cuts, default=0)
        partial.write(DATA[partial.offset :])
        assert partial.finish() == DATA
        partial.commit()
    assert store.has(LAYER)


def test_garbage_from_before_is_found_out_and_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.write(b"x" * 5000)
    with begin(store) as partial:
        assert partial.resumed
        partial.write(DATA[5000:])
        with pytest.raises(ValueError, match="wanted `sha256:"):
            partial.finish()
        assert (partial.offset, partial.resumed) == (0, False)
    assert list(store.partials.iterdir()) == []
    assert not store.has(LAYER)


def test_what_is_handed_on_is_what_was_hashed_whatever_became_of_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.write(DATA[:5000])
    with begin(store) as partial:
        partial.write(DATA[5000:])
        for file in store.partials.iterdir():
            file.write_bytes(b"x" * len(DATA))
        assert partial.finish() == DATA
        partial.commit()
    assert not store.has(LAYER)


def test_a_partial_that_is_too_long_is_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.write(DATA)
    short = Descriptor(media.WASM, LAYER.digest, 10)
    with begin(store, short) as partial:
        assert partial.offset == 0


def test_one_byte_too_many_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.write(DATA)
        with pytest.raises(ValueError, match="more than"):
            partial.write(b"x")
    assert list(store.partials.iterdir()) == []


def test_what_is_not_whole_is_not_committed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.write(DATA[:-1])
        with pytest.raises(ValueError, match="found 16383 bytes, wanted 16384"):
            partial.commit()
    assert not store.has(LAYER)


def test_only_one_receives_a_blob_at_a_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        assert Store(tmp_path).ingest(LAYER) is None
        other = Descriptor(media.WASM, digest_bytes(b"other"), 5)
        with begin(store, other) as second:
            second.write(b"other")
        partial.write(DATA)
        partial.finish()
        partial.commit()
        with begin(store) as again:  # the next one has a file of its own
            again.write(DATA[:1])
            partial.drop()
    assert (store.partials / f"{hex_of(LAYER.digest)}.partial").read_bytes() == DATA[:1]


def test_whoever_drops_leaves_the_partial_of_the_next_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with begin(store) as partial:
        partial.drop()
        with begin(store) as again:
            again.write(DATA[:10])
    with begin(store) as partial:
        assert partial.offset == 10


def test_a_partial_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with store.writing():
        pass
    (tmp_path / "victim").write_bytes(b"mine")
    (store.partials / f"{hex_of(LAYER.digest)}.partial").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic link"):
        store.ingest(LAYER)
    assert (tmp_path / "victim").read_bytes() == b"mine"


CHILD = """
import sys, time
from pathlib import Path
from mcpg_registry.manifests import Descriptor
from mcpg_registry.store import Store

place, digest, source, how = sys.argv[1:]
data = Path(source).read_bytes()
store, layer = Store(Path(place)), Descriptor("application/wasm", digest, len(data))
with store.writing():
    while (partial := store.ingest(layer)) is None:
        time.sleep(0.002)
    with partial:
        print(partial.offset, flush=True)
        while partial.offset < len(data):
            partial.write(data[partial.offset : partial.offset + 512])
            if how == "stop" and partial.offset >= 4096:
                print("stopped", flush=True)
                sys.stdin.read()
        partial.finish()
        partial.commit()
"""


def child(folder: Path, how: str) -> subprocess.Popen[bytes]:
    (folder / "data").write_bytes(DATA)
    command = [sys.executable, "-c", CHILD, str(folder / "store"), LAYER.digest, str(folder / "data"), how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_a_process_killed_in_the_middle_leaves_a_start_and_no_lock(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with child(tmp_path, "stop") as process:
        assert process.stdout
        assert process.stdout.readline() == b"0\n"
        assert process.stdout.readline() == b"stopped\n"
        assert store.ingest(LAYER) is None
        assert store.collect() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not store.has(LAYER)
    assert store.receipts() == ()
    with child(tmp_path, "go on") as process:
        found, _ = process.communicate(timeout=30)
    assert (process.returncode, found) == (0, b"4096\n")
    assert store.has(LAYER)
    assert store.collect() is not None


def test_processes_that_receive_the_same_blob_at_once_all_end_well(tmp_path: Path) -> None:
    processes = [child(tmp_path, "go on") for _ in range(3)]
    for process in processes:
        with process:
            process.communicate(timeout=30)
            assert process.returncode == 0
    store = Store(tmp_path / "store")
    assert store.read(LAYER, media.MAX_LAYER) == DATA
    assert list(store.partials.iterdir()) == []


def test_threads_that_install_the_same_plugin_at_once_keep_each_others_tags(tmp_path: Path) -> None:
    plugins = [good(tmp_path / f"l{number}", tag=f"t{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda plugin: plugin.put_into(Store(tmp_path / "store")), plugins))
    (receipt,) = Store(tmp_path / "store").receipts()
    assert set(receipt.tags) == {f"t{number}" for number in range(6)}
    assert receipt.repository == NAME
