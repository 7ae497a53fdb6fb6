"""Real components under any id and version, keys, and a command line in a folder. It tests nothing itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from tests.registry.artifacts import facts_of, leb, packed_of, signatures_of, with_section

from mcpg.cli.group import cli
from mcpg.plugins.builtin import Bundle
from mcpg.sandbox import manifest_section
from mcpg_registry import media
from mcpg_registry.digests import Digest
from mcpg_registry.manifests import parse_manifest
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from tests.simulator.registry import Registry

PASSWORD = "correct horse battery staple"


@cache
def builtin(name: str) -> bytes:
    """Return a built-in component's bytes."""
    bundle = Bundle.open()
    repository, _, tag = bundle.locked(name).reference.partition(":")
    entry = bundle.layout.find(repository, tag, None)
    layer = parse_manifest(bundle.layout.read(entry, media.MAX_MANIFEST)).layers[0]
    return bundle.layout.read(layer, media.MAX_LAYER)


@cache
def _bare(name: str) -> tuple[bytes, bytes]:
    """Return a built-in component without its manifest section, and that section."""
    wasm = builtin(name)
    section = manifest_section(wasm)
    whole = with_section(b"", section)
    assert wasm.count(whole) == 1
    return wasm.replace(whole, b""), section


def component(name: str = "identity-anonymous", *, padding: int = 0, **changes: Any) -> bytes:
    """Return a built-in component that says something else of itself: it loads and runs as before.

    `padding` are bytes of a section that means nothing.
    """
    wasm, section = _bare(name)
    manifest = json.loads(section) | {"id": "acme/anon", "version": "1.0.0"} | changes
    if padding:
        body = leb(3) + b"pad" + b"\0" * padding
        wasm += b"\0" + leb(len(body)) + body
    return with_section(wasm, json.dumps(manifest).encode())


@dataclass
class Desk:
    """A person at a terminal in `folder`, with a key pair in `k.key` and `k.pub`."""

    folder: Path
    key: PrivateKey = field(default_factory=PrivateKey.generate)

    def __post_init__(self) -> None:
        self.pair("k", self.key)
        self.write("anon.wasm", component())

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def pair(self, name: str, key: PrivateKey, password: bytes | None = None) -> None:
        self.write(f"{name}.key", key.pem(password))
        self.write(f"{name}.pub", key.public.pem)

    def run(self, *arguments: str, code: int = 0, **more: Any) -> Result:
        """Run a verb of `mcpg plugin` and check how it ends."""
        done = CliRunner().invoke(cli, ["plugin", *arguments], **more)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, (arguments, done.stdout, done.stderr)
        assert "Traceback" not in done.output
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        """Return what a verb prints with --json: its result, or the error on standard error."""
        done = self.run(*arguments, "--json", code=code)
        return json.loads(done.stdout or error_of(done.stderr))

    def refused(self, *arguments: str, code: int = 3) -> dict[str, str]:
        """Return the one error that a verb ends with, checked to say what, where and what to do."""
        error: dict[str, str] = self.json(*arguments, code=code)["error"]
        assert error["message"], error
        assert error["remedy"], error
        assert "\n" not in error["message"], error
        return error

    def files(self, place: str) -> dict[str, bytes]:
        """Return every file below a folder."""
        top = self.folder / place
        return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}

    def push(self, reference: str, *more: str, **changes: Any) -> Digest:
        """Push a component and sign it with `k.key`; returns its digest."""
        self.write("pushed.wasm", component(**changes))
        done = self.json("push", "pushed.wasm", reference, "--sign-key", "k.key", *more)
        return Digest(done["digest"])


def stock(
    registry: Registry, name: str, *keys: PrivateKey, tag: str = "", name_of: str = "identity-anonymous", **changes: Any
) -> Digest:
    """Put a signed component into a simulated registry, as if it had been pushed; returns its digest."""
    wasm = component(name_of, **changes)
    facts, packed = facts_of(wasm), packed_of(wasm)
    registry.contents.add(name, packed, tag or facts.version)
    registry.contents.sign(name, packed.manifest, *signatures_of(packed, facts, *keys))
    return packed.manifest.digest


def error_of(text: str) -> str:
    """Return the JSON at the end of what was told on standard error."""
    return text[text.index('{\n  "error"') :]
