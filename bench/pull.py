"""What a pull of 5 MiB costs, verified and installed, against the plainest verified download with the same library.

    python bench/pull.py [--json FILE] [--runs 30]

The registry is docker's where it is installed, else the one that tests simulate, in another process on loopback. The
baseline streams the layer, hashes it and writes it to a file, synced as the store syncs its own. A pull finds manifest,
config and two signatures, verifies them, streams the layer and installs it with its receipt (steps 1 to 11; the
sandbox's look at the imports is left out, for it compiles). Both take turns. Nothing fails on a time.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

import httpx2

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.registry.artifacts import rule_of  # noqa: E402 - after the path
from tests.simulator.plugins import Plugin  # noqa: E402 - after the path
from tests.simulator.registry import beside  # noqa: E402 - after the path

from mcpg.plugins.pulling import Puller, Wish  # noqa: E402 - the repository comes into the path first
from mcpg_registry.client import RegistryClient  # noqa: E402 - after the path
from mcpg_registry.hosts import Hosts  # noqa: E402 - after the path
from mcpg_registry.packing import pack_signature  # noqa: E402 - after the path
from mcpg_registry.references import RegistryReference  # noqa: E402 - after the path
from mcpg_registry.store import Store  # noqa: E402 - after the path
from mcpg_registry.trust.keys import PrivateKey  # noqa: E402 - after the path
from mcpg_registry.trust.policy import TrustPolicy  # noqa: E402 - after the path
from mcpg_revocations.index import index_of  # noqa: E402 - after the path
from mcpg_revocations.lists import DAY, RevocationList  # noqa: E402 - after the path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from multiprocessing.connection import Connection

    from mcpg_revocations.index import RevocationIndex

BUDGET = 1.5
SIZE = 5 << 20
NAME = "acme/echo"
CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


class Nothing:
    """Stands for the sandbox, and for lists that revoke nothing."""

    def __init__(self) -> None:
        now = int(time())
        self._index = index_of(
            RevocationList(
                schema=1, version=1, issuer="bench", issued=now - DAY, expires=now + DAY, grace=DAY, entries=()
            )
        )

    async def load(self, _: bytes, **__: Any) -> None:
        """Compile nothing."""

    def for_loading(self, *_: Any, **__: Any) -> RevocationIndex:
        """Return the empty index."""
        return self._index


def serve(pipe: Connection) -> None:
    """Run the simulated registry until the other end says something."""
    with beside() as registry:
        pipe.send(registry.authority)
        pipe.recv()


@contextmanager
def registry_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Give an empty registry's address and what it is."""
    program = shutil.which("docker-registry")
    if program is None:
        near, far = multiprocessing.get_context("spawn").Pipe()
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(far,))
        process.start()
        yield near.recv(), "simulated"
        near.send("")
        process.join()
        return
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (folder / "registry.yml").write_text(CONFIG.format(folder=folder / "registry", port=port))
    command = [program, "serve", str(folder / "registry.yml")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield f"127.0.0.1:{port}", "docker-registry"
        finally:
            server.terminate()


async def plain(client: httpx2.AsyncClient, url: str, digest: str, path: Path) -> None:
    """Download and verify the layer, and no more."""
    seen = hashlib.sha256()
    with path.open("wb") as file:
        async with client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer:
            async for part in answer.aiter_raw(1 << 20):
                seen.update(part)
                file.write(part)
        file.flush()
        os.fsync(file.fileno())
    if f"sha256:{seen.hexdigest()}" != digest:
        raise SystemExit("the baseline got other bytes")


async def measure(host: str, folder: Path, runs: int) -> dict[str, list[float]]:
    """Return the milliseconds of every run, in turns."""
    key, nothing, times = PrivateKey.generate(), Nothing(), dict[str, list[float]]()
    plugin = Plugin.make(key, size=SIZE)
    repository, url = f"{host}/{NAME}", f"http://{host}/v2/{NAME}/blobs/{plugin.wasm_digest}"
    reference = RegistryReference(host, NAME, None, plugin.packed.manifest.digest)
    trust = TrustPolicy((rule_of(key, prefix=repository),))

    async def timed(name: str, use: Callable[[], Awaitable[Any]]) -> None:
        begin = perf_counter()
        await use()
        times.setdefault(name, []).append((perf_counter() - begin) * 1000)

    async with httpx2.AsyncClient() as other, RegistryClient(hosts=Hosts(plain_loopback=True)) as client:
        await client.push(repository, plugin.packed, tag="1.2.0")
        for bundle in plugin.signatures:
            await client.push(repository, pack_signature(bundle, plugin.packed.manifest))
        store = Store(folder / "store")
        puller = Puller(store, trust, nothing, nothing, client)  # type: ignore[arg-type]
        for _ in range(runs + 1):
            await timed("plain", lambda: plain(other, url, plugin.wasm_digest, folder / "plain"))
            await timed("find", lambda: client.claim(reference))
            await timed("pull", partial(puller.pull, Wish(str(reference), folder)))
            await timed("again", partial(puller.pull, Wish(str(reference), folder)))
            store.remove(repository, plugin.packed.manifest.digest)
            for blob in store.blobs.iterdir():
                blob.unlink()
    return {name: every[1:] for name, every in times.items()}


def main() -> None:
    """Print the table, and whether the budget is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, registry_in(Path(name)) as (host, kind):
        times = asyncio.run(measure(host, Path(name), options.runs))
    rows = {each: {"median": statistics.median(every), "best": min(every)} for each, every in times.items()}
    print(f"registry: {kind}\n{'ms':>12}{'median':>12}{'best':>12}")
    print("\n".join(f"{each:>12}{row['median']:>12.2f}{row['best']:>12.2f}" for each, row in rows.items()))
    ratio = rows["pull"]["median"] / rows["plain"]["median"]
    verdict = "met" if ratio <= BUDGET else "NOT MET"
    print(f"\npull of 5 MiB, times the plain download {ratio:>8.2f} {f'<= {BUDGET}':>8}  {verdict}")
    if options.json:
        options.json.write_text(json.dumps(rows | {"ratio": ratio, "registry": kind}, indent=1))


if __name__ == "__main__":
    main()
