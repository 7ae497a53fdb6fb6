"""One blob on its way into the store: kept in a partial file, goes on where it stopped. It fetches and judges nothing.

The partial is this process's alone as long as it is open: a lock of the kernel, which ends with the process however
that ends. What lies there from before counts only as bytes: they are hashed again, and the whole must be the digest.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Self

from mcpg_registry.digests import Checker
from mcpg_registry.durable import Landing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mcpg_registry.manifests import Descriptor

__all__ = ["Ingest", "open_partial"]

_CHUNK = 1024 * 1024
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Ingest:
    """A blob that is being received. Every method blocks; a context, which keeps the partial unless it was dropped."""

    def __init__(self, handle: int, partial: Path, blob: Path, descriptor: Descriptor) -> None:
        self.descriptor = descriptor
        self.offset = 0
        """Bytes that are there and need not come again."""
        self._file = os.fdopen(handle, "r+b", buffering=0)
        self._partial = partial
        self._blob = blob
        self._checker = Checker(descriptor.digest, descriptor.size)
        self._hashed: list[bytes] = []  # what the file holds by now may be another's
        self._settled = False
        self._written_back = 0
        self._resume()
        self.resumed = self.offset > 0
        """Whether some of the bytes were there before."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; `ValueError` as soon as there are more than were promised, and then nothing is kept."""
        try:
            self._checker.feed(chunk)
        except ValueError:
            self.restart()
            raise
        self._hashed.append(chunk)
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) :]
        self.offset += len(chunk)
        self._write_back()

    def restart(self) -> None:
        """Forget what has come: the next byte is the first."""
        self._file.seek(0)
        self._file.truncate(0)
        self._checker = Checker(self.descriptor.digest, self.descriptor.size)
        self._hashed = []
        self.offset, self.resumed = 0, False
        self._written_back = 0

    def finish(self) -> bytes:
        """Return the bytes that were hashed, if they are those promised; else `ValueError`, and nothing is kept."""
        try:
            self._checker.finish()
        except ValueError:
            self.restart()
            raise
        self._hashed = [b"".join(self._hashed)]
        return self._hashed[0]

    def commit(self) -> None:
        """Make it a blob of the store, after `finish`; it is on the disk when this returns."""
        with Landing() as landing, self.landing(landing):
            landing.land()

    @contextlib.contextmanager
    def landing(self, landing: Landing) -> Iterator[None]:
        """Let it become a blob of the store together with other files, after `finish`; the body lands them."""
        self._checker.finish()
        os.fchmod(self._file.fileno(), 0o644)
        landing.hold(self._file.fileno(), self._partial, self._blob)
        yield
        self._settled = True

    def drop(self) -> None:
        """Keep nothing of it, unless it is a blob of the store already; nothing may be written after that."""
        if not self._settled:
            self._settled = True  # from now on somebody else's partial may stand under this name
            self._partial.unlink(missing_ok=True)

    def close(self) -> None:
        """Let others have it; what has come stays for the next time."""
        self._file.close()
        self._hashed = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.offset == 0:
            self.drop()
        self.close()

    def _write_back(self) -> None:
        """Have the kernel begin to write what has come to the disk, so that the sync in the end finds it there."""
        length = self.offset - self._written_back
        if length >= _CHUNK and hasattr(os, "posix_fadvise"):
            with contextlib.suppress(OSError):
                os.posix_fadvise(self._file.fileno(), self._written_back, length, os.POSIX_FADV_DONTNEED)
            self._written_back = self.offset

    def _resume(self) -> None:
        """Hash what lies there from before; what is too long is forgotten."""
        if os.fstat(self._file.fileno()).st_size > self.descriptor.size:
            self.restart()
            return
        while chunk := self._file.read(_CHUNK):
            self._checker.feed(chunk)
            self._hashed.append(chunk)
            self.offset += len(chunk)


def open_partial(path: Path) -> int | None:
    """Return a partial, open and ours alone; none while another process or task has it; `OSError`."""
    while True:
        handle = os.open(path, _FLAGS, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat(follow_symlinks=False)):
                    return handle
        except BlockingIOError:
            os.close(handle)
            return None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # it was renamed or removed before we had it
