"""A gateway's folder as `mcpg plugin mirror` meets it: file, keys, lock, store. It tests nothing itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from tests.mirror.tars import tar_of
from tests.mirror.workshop import (
    ECHO,
    OPERATOR,
    PUBLISHER,
    STRANGER,
    Workshop,
    files_of,
    here_in,
    nothing,
    plan_of,
    site_in,
)
from tests.registry.artifacts import component

from mcpg.cli.group import cli
from mcpg_mirror.importing import import_bundle
from mcpg_mirror.lists import SiteLists
from mcpg_registry.store import Store

if TYPE_CHECKING:
    from click.testing import Result

ASKS = component(
    id="acme/asks",
    version="3.0.0",
    effects=[{"driver": "http", "why": "it asks | a *server*\n# about it"}],
)
CONFIG = """\
version: 1
trust: {rules: [{prefix: ghcr.io/acme, keys: [acme.pub]}]}
plugins:
  mine: {from: "ghcr.io/acme/asks:3.0.0"}
"""


class Folder:
    """A gateway's folder, with the file, the publisher's key and, if wanted, a lock and a store."""

    def __init__(self, path: Path, config: str = CONFIG) -> None:
        self.path = path
        path.mkdir(parents=True)
        (path / "mcpg.yaml").write_text(config)
        (path / "acme.pub").write_text(PUBLISHER.public.pem)
        (path / "operator.pub").write_text(OPERATOR.public.pem)
        (path / "operator.key").write_text(OPERATOR.pem())
        (path / "operator.key").chmod(0o600)
        (path / "stranger.pub").write_text(STRANGER.public.pem)

    @property
    def store(self) -> Store:
        return Store(self.path / ".state" / "plugins")

    def stock(self, shop: Workshop) -> None:
        """Fill store and lock, as pulls would."""
        scratch = self.path / "scratch"
        scratch.mkdir(exist_ok=True)
        (scratch / "m.tar").write_bytes(tar_of(files_of(plan_of(shop))))
        here = here_in(scratch, base=self.store, lists=SiteLists(site_in(scratch)))
        import_bundle(scratch / "m.tar", self.store, here, progress=nothing)
        (self.path / "mcpg.lock").write_bytes(shop.lock.text())

    def run(self, *arguments: str, code: int = 0, given: bytes = b"") -> Result:
        before = Path.cwd()
        os.chdir(self.path)
        try:
            done = CliRunner().invoke(cli, ["plugin", "mirror", *arguments], input=given)
        finally:
            os.chdir(before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, (arguments, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        done = self.run(*arguments, "--json", code=code)
        return json.loads(done.stdout or done.stderr)

    def error(self, *arguments: str, code: int) -> dict[str, str]:
        error: dict[str, str] = self.json(*arguments, code=code)["error"]
        assert error["message"]
        assert error["remedy"]
        return error


def shop_of(*more: bytes) -> Workshop:
    shop = Workshop()
    for wasm in (ECHO, ASKS, *more):
        shop.add(wasm)
    return shop
