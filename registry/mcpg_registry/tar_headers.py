"""Headers of tar members, as far as a layout needs them: regular files of three kinds of names. It does no I/O.

The layout's own folders may stand there too, as other programs write them, and mean nothing; so does `./` before a
name. Whatever else a tar can hold (links, devices, other folders, pax and GNU extensions, sparse files) is refused:
each is a way to have one reader see another tree than the next. Source: POSIX.1-2001 `pax`, ustar interchange format.
"""

from __future__ import annotations

import re

__all__ = ["BLOCK", "END", "is_layout_name", "make_header", "padding", "parse_header"]

BLOCK = 512
END = bytes(2 * BLOCK)
"""What stands behind the last member."""
_NAME = re.compile(r"oci-layout|index\.json|blobs/sha256/[0-9a-f]{64}", re.ASCII)
_FOLDERS = frozenset({"./", "blobs/", "blobs/sha256/"})
_OCTAL = re.compile(rb" *([0-7]{1,11})[ \0]*")
_MAGICS = (b"ustar\x0000", b"ustar  \0")
_KINDS = {
    b"\0": "an old-style file",
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"5": "a directory",
    b"6": "a fifo",
    b"7": "a contiguous file",
    b"D": "a GNU directory",
    b"K": "a GNU long link",
    b"L": "a GNU long name",
    b"S": "a GNU sparse file",
    b"g": "global pax settings",
    b"x": "pax settings",
}


def is_layout_name(name: str) -> bool:
    """Whether a layout has a file of that name: `oci-layout`, `index.json` or `blobs/sha256/` and 64 hex digits."""
    return _NAME.fullmatch(name) is not None


def padding(size: int) -> int:
    """Return how many zero bytes stand behind a member of `size` bytes."""
    return -size % BLOCK


def make_header(name: str, size: int) -> bytes:
    """Return the header of a regular file of nobody, mode 0644, of the year 1970: the same bytes each time."""
    if not is_layout_name(name) or not 0 <= size < 8**11:
        raise ValueError(f"a layout in a tar has no file `{name}` of {size} bytes")
    head = b"%b%07o\0%07o\0%07o\0%011o\0%011o\0" % (name.encode().ljust(100, b"\0"), 0o644, 0, 0, size, 0)
    tail = (b"0".ljust(101, b"\0") + b"ustar\x0000").ljust(BLOCK - len(head) - 8, b"\0")
    return head + b"%06o\0 " % _checksum(head + b" " * 8 + tail) + tail


def parse_header(block: bytes) -> tuple[str, int] | None:
    """Return a member's name and size in bytes; none for the zero block that ends a tar.

    A name that ends in `/` is one of the layout's folders. `ValueError` for a broken header and for anything else but a
    regular file with the name of one of a layout's files.
    """
    if block == bytes(BLOCK):
        return None
    if _octal(block[148:156], "checksum") != _checksum(block[:148] + b" " * 8 + block[156:]):
        raise ValueError("a header's checksum is wrong")
    if block[257:265] not in _MAGICS:
        raise ValueError("a header is of no tar that we read; wanted ustar")
    name = block[:100].rstrip(b"\0").decode("ascii", "replace")
    shown = name[:100] if name.isprintable() else "<unprintable>"
    kind = block[156:157]
    size = _octal(block[124:136], "size")
    folder = kind == b"5" and name in {*_FOLDERS, *(f"./{each}" for each in _FOLDERS)} and size == 0
    if kind != b"0" and not folder:
        raise ValueError(f"`{shown}` is {_KINDS.get(kind, 'a member of an unknown kind')}, wanted regular files only")
    if any(block[157:257]) or any(block[345:]):
        raise ValueError(f"`{shown}` has a link's target or a longer name elsewhere in its header")
    if folder:
        return name, 0
    name = name.removeprefix("./")
    if not is_layout_name(name):
        raise ValueError(f"`{shown}` is no file of a layout; wanted oci-layout, index.json and blobs/sha256/<hex>")
    return name, size


def _checksum(block: bytes) -> int:
    return sum(block)


def _octal(text: bytes, what: str) -> int:
    found = _OCTAL.fullmatch(text)
    if found is None:
        raise ValueError(f"a header's {what} is no octal number")
    return int(found[1], 8)
