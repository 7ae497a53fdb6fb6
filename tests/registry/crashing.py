"""A program that installs a plugin and is killed at each step of it, one after the other. It tests nothing itself.

    python crashing.py ROOT FOLDER     prints a line for each kill: what stood in the store then, as seen by the next

The process ends at its Nth call that touches the disk, without any cleaning up, as by SIGKILL.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

CALLS = ("open", "write", "fsync", "fchmod", "replace", "mkdir", "unlink", "posix_fadvise")


def main(root: Path, folder: Path) -> None:
    sys.path.insert(0, str(root))
    from tests.registry.shelves import NAME, good  # noqa: PLC0415 - the path is set above

    from mcpg_registry import media  # noqa: PLC0415 - likewise
    from mcpg_registry.claims import claim_from  # noqa: PLC0415 - likewise
    from mcpg_registry.store import Store  # noqa: PLC0415 - likewise

    plugin = good(folder / "layout")

    def install(store: Store) -> None:
        with store.writing():
            ingest = store.ingest(plugin.proven.layer)
            if ingest is None:
                raise RuntimeError("somebody still has the partial")
            with ingest:
                ingest.write(plugin.wasm[ingest.offset :])
                ingest.finish()
                store.install(plugin.claim, plugin.receipt(), ingest)

    def child(store: Store, last: int) -> int:
        process = os.fork()
        if process == 0:
            _die_at(last)
            install(store)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    for last in range(1, 1000):
        store = Store(folder / f"store{last}")
        code = child(store, last)
        seen = store.receipts()
        if seen:
            claim = claim_from(store, NAME, "1.2.0", None, where="after the kill")
            whole = claim.bundles() == plugin.claim.bundles()
            whole = whole and store.read(plugin.proven.layer, media.MAX_LAYER) == plugin.wasm
        else:
            whole = True
        install(store)
        clean = store.collect(older=-1) is not None and store.sizes().partials == 0 and len(store.receipts()) == 1
        print(last, code, len(seen), whole, clean, flush=True)  # noqa: T201 - its output is its result
        if code == 0:
            return
    raise RuntimeError("it never got through")


def _die_at(last: int) -> None:
    count, lock = 0, threading.Lock()

    def counted(real: object) -> object:
        def call(*arguments: object, **options: object) -> object:
            nonlocal count
            with lock:
                count += 1
                if count == last:
                    os._exit(9)
            return real(*arguments, **options)  # type: ignore[operator]

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
