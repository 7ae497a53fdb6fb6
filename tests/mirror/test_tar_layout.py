"""A layout in a tar: what is read, by seeking and as a stream, and everything else that a tar can be, refused."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mirror.tars import member, patched, tar_of
from tests.registry.artifacts import component, writer_of

from mcpg_registry import media, tar_layout, tar_sources
from mcpg_registry.digests import digest_bytes
from mcpg_registry.layout import Layout
from mcpg_registry.tar_headers import END, make_header, parse_header
from mcpg_registry.tar_layout import TarFiles, stream_members
from mcpg_registry.tar_sources import Part, Parts, check_part, open_source, part_name, parts_file, read_parts
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

KEY = PrivateKey.generate()
WASM = component()
FILES = writer_of(WASM, KEY).files()
TAR = tar_of(FILES)
BLOB = next(name for name in FILES if name.startswith("blobs/"))


class Memory:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read_at(self, offset: int, length: int) -> bytes:
        assert offset + length <= self.size
        return self._data[offset : offset + length]

    def close(self) -> None:
        pass


def seek(data: bytes) -> dict[str, bytes]:
    files = TarFiles(Memory(data))
    return {name: files.read(name, media.MAX_LAYER) for name in files.members}


def flow(data: bytes) -> dict[str, bytes]:
    return {each.name: b"".join(each.chunks()) for each in stream_members(io.BytesIO(data).read)}


BOTH = pytest.mark.parametrize("read", [seek, flow])


@BOTH
def test_what_was_put_in_comes_out(read: Any) -> None:
    assert read(TAR) == FILES


def test_a_layout_reads_out_of_a_tar_as_out_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "m.tar").write_bytes(TAR)
    writer_of(WASM, KEY).write(tmp_path / "layout")
    with TarFiles.open(tmp_path / "m.tar") as files:
        tar, directory = Layout(files), Layout(tmp_path / "layout")
        entry = tar.find("acme/echo", "1.2.0", None)
        assert entry == directory.find("acme/echo", "1.2.0", None)
        assert tar.referrers(entry.digest) == directory.referrers(entry.digest) != ()
        assert tar.reachable() == directory.reachable()
        assert files.size(BLOB) == len(FILES[BLOB])
        assert files.read_at(BLOB, 3, 5) == FILES[BLOB][3:8]
        assert files.read_at(BLOB, len(FILES[BLOB]) - 2, 99) == FILES[BLOB][-2:]
        assert files.read_at(BLOB, len(FILES[BLOB]) + 7, 99) == b""
        with pytest.raises(FileNotFoundError):
            files.read("blobs/sha256/" + "0" * 64, 9)
        with pytest.raises(ValueError, match="more than 3 bytes"):
            files.read(BLOB, 3)


@BOTH
def test_tars_of_other_programs_are_read(read: Any) -> None:
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as tar:
            for name, data in FILES.items():
                info = tarfile.TarInfo(name)
                info.size, info.mtime, info.uid, info.uname = len(data), 1_700_000_000, 1000, "ana"
                tar.addfile(info, io.BytesIO(data))
        assert read(out.getvalue()) == FILES, form


@BOTH
@pytest.mark.parametrize("before", ["", "./"])
def test_a_layout_that_was_packed_with_its_folders_is_read(read: Any, before: str) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for folder in (*["./"] * bool(before), f"{before}blobs/", f"{before}blobs/sha256/"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info)
        for name, data in FILES.items():
            info = tarfile.TarInfo(before + name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    assert read(out.getvalue()) == FILES


@BOTH
def test_one_name_with_and_without_a_dot_is_one_file(read: Any) -> None:
    marker = make_header("oci-layout", 5)
    dotted = patched(marker, 0, b"./oci-layout".ljust(100, b"\0"))
    with pytest.raises(ValueError, match="stands there twice"):
        read(marker + DATA + ZEROS + dotted + DATA + ZEROS + END)


@BOTH
@pytest.mark.parametrize("name", [b"evil/", b"blobs/sha512/", b"/", b"../", b"oci-layout/", b"blobs/sha256/x/"])
def test_other_folders_are_refused(read: Any, name: bytes) -> None:
    with pytest.raises(ValueError, match="is a directory"):
        read(patched(patched(make_header(BLOB, 0), 156, b"5"), 0, name.ljust(100, b"\0")) + END)


@BOTH
def test_a_folder_with_content_is_refused(read: Any) -> None:
    with pytest.raises(ValueError, match="is a directory"):
        read(patched(patched(HEAD, 156, b"5"), 0, b"blobs/".ljust(100, b"\0")) + DATA + ZEROS + END)


def test_other_programs_read_ours() -> None:
    with tarfile.open(fileobj=io.BytesIO(TAR)) as tar:
        found = {info.name: (info.mode, info.mtime, info.uid, info.gid, info.type) for info in tar}
        assert set(found) == set(FILES)
        assert set(found.values()) == {(0o644, 0, 0, 0, tarfile.REGTYPE)}
        extracted = tar.extractfile(BLOB)
        assert extracted is not None
        assert extracted.read() == FILES[BLOB]


HEAD = make_header(BLOB, 5)
DATA = b"12345"
ZEROS = bytes(507)
KINDS = {
    b"\0": "old-style", b"1": "hard link", b"2": "symbolic link", b"3": "character", b"4": "block device",
    b"5": "directory", b"6": "fifo", b"7": "contiguous", b"L": "GNU long name", b"K": "GNU long link", b"S": "sparse",
    b"x": "pax settings", b"g": "global pax", b"V": "unknown kind",
}  # fmt: skip
NAMES = [
    b"/etc/passwd", b"../oci-layout", b".//oci-layout", b"././oci-layout", b"oci-layout/", b"blobs/", b"blobs/sha256/",
    b"Index.json",
    b"blobs/sha256/" + b"A" * 64, b"blobs/sha256/" + b"a" * 63, b"blobs/sha256/" + b"a" * 65,
    b"blobs/sha512/" + b"a" * 64,
    b"blobs/sha256/../" + b"a" * 61, b"index.json\0x", b"\xff\xfe", b"evil\x1b[2J", b"",
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_only_regular_files_are_taken(read: Any, kind: bytes) -> None:
    with pytest.raises(ValueError, match=KINDS[kind]):
        read(patched(HEAD, 156, kind) + DATA + ZEROS + END)


@BOTH
@pytest.mark.parametrize("name", NAMES)
def test_only_a_layouts_names_are_taken(read: Any, name: bytes) -> None:
    with pytest.raises(ValueError, match="is no file of a layout"):
        read(patched(HEAD, 0, name.ljust(100, b"\0")) + DATA + ZEROS + END)


@BOTH
@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (HEAD[:148] + b"000000\0 " + HEAD[156:], "checksum is wrong"),
        (HEAD[:148] + b"garbage!" + HEAD[156:], "checksum is no octal number"),
        (patched(HEAD, 257, b"\0" * 8), "no tar that we read"),
        (patched(HEAD, 124, b"\x80" + b"\0" * 10 + b"\x05"), "size is no octal number"),
        (patched(HEAD, 124, b"-0000000005\0"), "size is no octal number"),
        (patched(HEAD, 124, b"77777777777\0"), "at most"),
        (patched(HEAD, 157, b"/etc/passwd"), "link's target"),
        (patched(HEAD, 345, b"/etc"), "longer name elsewhere"),
        (patched(HEAD, 482, b"\1"), "longer name elsewhere"),
        (b"\x1f\x8b" + HEAD[2:], "checksum is wrong"),
    ],
)
def test_a_broken_header_is_refused(read: Any, broken: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(broken + DATA + ZEROS + END)


@BOTH
def test_what_a_tar_may_not_hold_in_its_gaps(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = member("oci-layout", b"{}")
    with pytest.raises(ValueError, match="stands there twice"):
        read(layout + layout + END)
    with pytest.raises(ValueError, match="between `oci-layout` and the next"):
        read(layout[:600] + b"x" + layout[601:] + END)
    with pytest.raises(ValueError, match="one zero block, wanted two"):
        read(layout + bytes(512) + layout + END)
    with pytest.raises(ValueError, match="behind the end"):
        read(layout + END + b"x")
    with pytest.raises(ValueError, match="behind the end"):
        read(layout + END + bytes(1024 * 1024))
    assert read(layout + END + bytes(512 * 18)) == {"oci-layout": b"{}"}
    monkeypatch.setattr(tar_layout, "MAX_MEMBERS", 1)
    with pytest.raises(ValueError, match="more than 1 files"):
        read(layout + member("index.json", b"{}") + END)


@BOTH
@settings(deadline=None)
@given(cut=st.integers(0, len(TAR) - 1))
def test_a_tar_cut_at_any_byte_is_refused(read: Any, cut: int) -> None:
    with pytest.raises(ValueError, match="too early"):
        read(TAR[:cut])


@settings(deadline=None)
@given(at=st.integers(0, len(TAR) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_changes_no_blob_unnoticed(at: int, bit: int) -> None:
    broken = bytearray(TAR)
    broken[at] ^= 1 << bit
    try:
        found = flow(bytes(broken))
    except ValueError:
        return
    assert {n: d for n, d in found.items() if n.startswith("blobs/")} == {
        name: data for name, data in FILES.items() if name.startswith("blobs/")
    }


def test_a_stream_hashes_what_nobody_reads() -> None:
    broken = TAR.replace(FILES[BLOB], b"?" * len(FILES[BLOB]))
    with pytest.raises(ValueError, match=f"blob `{BLOB[13:]}`: found `sha256:"):
        list(stream_members(io.BytesIO(broken).read))


def test_a_stream_may_come_in_drops() -> None:
    stream = io.BytesIO(TAR)
    assert {each.name: each.size for each in stream_members(lambda n: stream.read(min(n, 7)))} == {
        name: len(data) for name, data in FILES.items()
    }


def test_a_header_for_no_layouts_file_is_not_made() -> None:
    for name, size in (("etc/passwd", 1), ("oci-layout", -1), ("oci-layout", 8**11)):
        with pytest.raises(ValueError, match="has no file"):
            make_header(name, size)
    assert parse_header(make_header("oci-layout", 8**11 - 1)) == ("oci-layout", 8**11 - 1)


def in_parts(path: Path, data: bytes, size: int) -> Parts:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    for number, piece in enumerate(pieces):
        part_name(path, number).write_bytes(piece)
    parts = Parts(schema=1, parts=tuple(Part(size=len(piece), digest=digest_bytes(piece)) for piece in pieces))
    parts_file(path).write_bytes(parts.text())
    return parts


@settings(deadline=None, max_examples=25)
@given(size=st.integers(100, len(TAR) + 1))
def test_parts_are_read_as_one(size: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("parts") / "m.tar"
    parts = in_parts(path, TAR, size)
    assert read_parts(path) == parts
    with TarFiles.open(path) as files:
        assert {name: files.read(name, 10**6) for name in files.members} == FILES
    for number, part in enumerate(parts.parts):
        check_part(part_name(path, number), part)


def test_broken_parts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.tar"
    parts = in_parts(path, TAR, 4096)
    second = part_name(path, 1)
    assert second.name == "m.tar.001"
    good = second.read_bytes()
    second.write_bytes(good[:-1])
    with pytest.raises(ValueError, match=r"part `m.tar.001` has 4095 bytes, wanted 4096"):
        TarFiles.open(path)
    second.write_bytes(good[:-1] + b"?")
    with pytest.raises(ValueError, match=r"part `m.tar.001`: found `sha256:"):
        check_part(second, parts.parts[1])
    second.unlink()
    with pytest.raises(FileNotFoundError):
        TarFiles.open(path)
    second.symlink_to(part_name(path, 0))
    with pytest.raises(OSError, match=r"m.tar.001"):
        TarFiles.open(path)


@pytest.mark.parametrize(
    "text",
    [
        b'{"schema":1,"parts":[]}',
        b'{"schema":2,"parts":[{"size":1,"digest":"sha256:' + b"0" * 64 + b'"}]}',
        b'{"schema":1,"parts":[{"size":0,"digest":"sha256:' + b"0" * 64 + b'"}]}',
        b'{"schema":1,"parts":[{"size":1,"digest":"../../etc/passwd"}]}',
        b'{"schema":1,"parts":[{"size":1,"digest":"sha256:' + b"0" * 64 + b'","name":"../x"}]}',
        b'{"schema":1,"schema":1,"parts":[]}',
        b"[]",
    ],
)
def test_a_broken_list_of_parts_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "m.parts.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"."):
        open_source(tmp_path / "m.tar")


def test_what_is_no_file_is_no_tar(tmp_path: Path) -> None:
    (tmp_path / "m.tar").write_bytes(TAR)
    (tmp_path / "link.tar").symlink_to("m.tar")
    os.mkfifo(tmp_path / "fifo.tar")
    for name in ("link.tar", "fifo.tar"):
        with pytest.raises((ValueError, OSError), match=r"."):
            TarFiles.open(tmp_path / name)


def test_a_tar_that_shrinks_while_it_is_open_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "m.tar"
    path.write_bytes(TAR)
    with TarFiles.open(path) as files:
        os.truncate(path, 700)
        with pytest.raises(ValueError, match="ends too early"):
            files.read(list(files.members)[-1], 10**6)


def test_a_source_reads_in_short_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.tar"
    path.write_bytes(TAR)
    whole = os.pread
    monkeypatch.setattr(tar_sources.os, "pread", lambda handle, length, at: whole(handle, min(length, 11), at))
    source = open_source(path)
    assert source.read_at(0, len(TAR)) == TAR
    source.close()
