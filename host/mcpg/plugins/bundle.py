"""`python -m mcpg.plugins.bundle make|check`: makes the bundle of built-in plugins, or verifies all of it.

make   packs every `<name>.wasm` of a folder, signs with MCPG_SIGNING_KEY (PEM, or the path of one) or a fresh key, and
       writes bundle, lock, anchor and revocation list. A fresh key is used once and let go: it is written nowhere.
check  verifies every digest and signature, reads every component, finds files that nothing refers to, and compares the
       sources' digests in the lock to those in the sources file.

It builds no component: `plugins-src/build.py` does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, McpgError, reason_of
from mcpg.plugins.builtin import ANCHOR, LOCK, Bundle
from mcpg.plugins.components import judge_component
from mcpg.plugins.making import Ingredient, Places, make_bundle, read_key
from mcpg.sandbox import Sandbox, SandboxSettings
from mcpg_registry.digests import hex_of, parse_digest
from mcpg_registry.layout import read_file
from mcpg_registry.media import MANIFEST, REF_NAME
from mcpg_registry.steps import at_step, refusal
from mcpg_registry.strict_json import parse_object
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.shipped import load_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["check", "main", "make", "read_sources"]

MAX_SOURCES = 1024 * 1024
KEY = "MCPG_SIGNING_KEY"
WHERE = "the built-in plugins"


def read_sources(path: Path) -> dict[str, str]:
    """Return the digest of each component's sources: a JSON object from name to `sha256:<hex>`."""
    try:
        document = parse_object(read_file(path, MAX_SOURCES), MAX_SOURCES)
        return {name: parse_digest(digest) for name, digest in document.items()}
    except (ValueError, OSError) as error:
        reason = reason_of(error)
        remedy = f"run plugins-src/sources.py --write {path}"
        raise ConfigError(f"cannot be used: {reason}", where=str(path), remedy=remedy) from error


async def inspect_all(components: Mapping[str, bytes], cache: Path) -> dict[str, tuple[str, ...]]:
    """Return each component's imports; `ConfigError` when one would not load, or imports a function."""
    sandbox = Sandbox(SandboxSettings(cache=cache))
    await sandbox.start()
    try:
        result = {}
        for name, wasm in components.items():
            found = await sandbox.inspect(wasm, label=name, progress=_say)
            faults = [*found.faults, *([] if found.pure else ["what is built in imports no function"])]
            if faults:
                raise ConfigError("; ".join(faults), where=f"component `{name}`", remedy="build it anew")
            result[name] = tuple(each.name for each in found.imports)
        return result
    finally:
        await sandbox.stop()


def make(folder: Path, sources: Path, places: Places, environ: Mapping[str, str], cache: Path) -> None:
    """Make the bundle from `folder`; `ConfigError` or `PluginRefused` before anything is written."""
    components = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.wasm"))}
    if not components:
        raise ConfigError("no component stands there", where=str(folder), remedy="run plugins-src/build.py")
    digests = read_sources(sources)
    unknown = sorted(components.keys() - digests.keys())
    if unknown:
        raise ConfigError(
            f"names no digest for `{unknown[0]}`", where=str(sources), remedy="run plugins-src/sources.py"
        )
    for name, wasm in components.items():
        _check_paths(name, wasm)
    imports = asyncio.run(inspect_all(components, cache))
    key = read_key(environ[KEY]) if environ.get(KEY) else PrivateKey.generate()
    created = int(environ.get("SOURCE_DATE_EPOCH", "0"))
    ingredients = {name: Ingredient(wasm, digests[name], imports[name]) for name, wasm in components.items()}
    lock = make_bundle(ingredients, key, places, created=created)
    for name, locked in lock.plugins.items():
        _say(f"packed {name} {locked.version} {locked.manifest}")
    _say(f"signed with {'the given' if environ.get(KEY) else 'a fresh'} key {key.public.id}")


def check(places: Places, sources: Path | None) -> Bundle:
    """Return the bundle if everything in it holds; `PluginRefused` or `ConfigError` otherwise."""
    bundle, now = Bundle.open(places.bundle), int(time.time())
    revocations = load_list(places.revocations, now=now, at_least=bundle.lock.revocations)
    for name in bundle.names():
        judge_component(bundle.verify(name, revocations, now), revocations, f"built-in plugin `{name}`")
    _check_strays(places.bundle, bundle)
    if sources is not None:
        locked = {name: entry.source for name, entry in bundle.lock.plugins.items()}
        wanted = read_sources(sources)
        for name in sorted(locked.keys() | wanted.keys()):
            if locked.get(name) != wanted.get(name):
                message = f"the lock has sources `{locked.get(name)}`, wanted `{wanted.get(name)}`"
                raise ConfigError(message, where=f"built-in plugin `{name}`", remedy="run make plugins")
    return bundle


def _check_paths(name: str, wasm: bytes) -> None:
    """Refuse a component that holds a path of this machine: nobody else could build the same bytes."""
    for path in {Path.home(), Path.cwd()} - {Path("/")}:
        if f"{path}/".encode() in wasm:
            message = "it holds a path of this machine"
            raise ConfigError(message, where=f"component `{name}`", remedy="map the path away when building")


def _check_strays(place: Path, bundle: Bundle) -> None:
    """Refuse what stands in the bundle and nobody verifies: files that nothing refers to, plugins without a lock."""
    remedy = "run make plugins"
    with at_step(2, where=WHERE, remedy=remedy, code="bad-layout"):
        known = {f"blobs/sha256/{hex_of(digest)}" for digest in bundle.layout.reachable()}
        known |= {"oci-layout", "index.json", LOCK, ANCHOR}
        found = {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}
        if found != known:
            raise ValueError(f"`{min(found ^ known)}` is too much or missing")
    named = {entry.annotations.get(REF_NAME, "") for entry in bundle.layout.entries if entry.media_type == MANIFEST}
    strays = named - {""} - {entry.reference for entry in bundle.lock.plugins.values()}
    if strays:
        message = f"the index names `{min(strays)}` and the lock does not"
        raise refusal(8, message, where=WHERE, remedy=remedy, code="not-locked")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m mcpg.plugins.bundle", description="the built-in plugins")
    verbs = parser.add_subparsers(dest="verb", required=True)
    maker = verbs.add_parser("make", help="pack, sign and write the bundle")
    checker = verbs.add_parser("check", help="verify all of the bundle")
    maker.add_argument("--from", dest="folder", type=Path, default=Path("plugins-src/out"), help="folder of components")
    maker.add_argument("--cache", type=Path, default=Path("build/compiled"), help="folder of compiled components")
    for verb in (maker, checker):
        verb.add_argument("--sources", type=Path, default=Path("plugins-src/sources.json"), help="digests of sources")
        verb.add_argument("--bundle", type=Path, default=Places().bundle, help="folder of the bundle")
        verb.add_argument("--revocations", type=Path, default=Places().revocations, help="folder of the list")
    checker.add_argument("--no-sources", action="store_true", help="leave the sources out, where there are none")
    options = parser.parse_args(arguments)
    places = Places(options.bundle, options.revocations)
    try:
        if options.verb == "make":
            make(options.folder, options.sources, places, os.environ, options.cache)
        sources = None if options.verb == "check" and options.no_sources else options.sources
        bundle = check(places, sources)
    except McpgError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        return 1
    _say(f"{len(bundle.names())} built-in plugins verify: digests, signatures{', sources' if sources else ''}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
