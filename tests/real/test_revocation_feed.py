"""A list from a publisher's desk over a real registry, with TLS and a log-in, to a site that polls it."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.real.peers import run

from mcpg.config import load
from mcpg.gateway.revocation_site import make_feed, open_standing
from mcpg_registry.digests import digest_bytes
from mcpg_registry.http import Network
from mcpg_registry.trust.keys import PrivateKey
from mcpg_revocations.index import Subject, check
from mcpg_revocations.lists import Action

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.peers import Peer

    from mcpg_revocations.standing import Standing

pytestmark = pytest.mark.real
BAD = Subject(wasm=digest_bytes(b"bad"), id="acme/bad", repository="ghcr.io/acme/bad")


class Desk:
    """Three key holders and a site, in one folder."""

    def __init__(self, folder: Path, peer: Peer) -> None:
        self.folder, self.peer = folder, peer
        self.place = f"{peer.authority}/acme/revocations:latest"
        for name in "abc":
            key = PrivateKey.generate()
            (folder / f"{name}.key").write_text(key.pem())
            (folder / f"{name}.pub").write_text(key.public.pem)
        host = {"ca": str(peer.ca)} if peer.ca else {"plain_http": True}
        wanted = {
            "version": 1,
            "registries": {"hosts": {peer.authority: host}},
            "revocations": {"feed": self.place, "anchor": {"keys": ["a.pub", "b.pub", "c.pub"]}},
        }
        (folder / "mcpg.yaml").write_text(json.dumps(wanted))

    def verb(self, *words: str, check: int = 0) -> Any:
        """Run a verb as a program, and return what it printed."""
        command = (sys.executable, "-m", "mcpg", "revocations", *words, "--json")
        done = run(*command, cwd=self.folder, check=check, **self.peer.environment)
        return json.loads(done.stdout or done.stderr)

    def publish(self) -> None:
        believed = [word for name in "abc" for word in ("--key", f"{name}.pub")]
        self.verb("publish", "list.json", self.place, *believed)

    async def poll(self, standing: Standing) -> bool:
        """Poll once, as a gateway does."""

        async def take(text: bytes) -> None:
            standing.offer(text, int(time.time()))

        network = Network({})
        feed = make_feed(load(self.folder / "mcpg.yaml"), network)
        assert feed is not None
        try:
            return await feed.poll(take)
        finally:
            await network.aclose()


@pytest.mark.parametrize("name", ["docker", "ggcr"])
async def test_a_list_goes_over_a_real_registry(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer: Peer = request.getfixturevalue(name)
    for variable, value in peer.environment.items():
        monkeypatch.setenv(variable, value)
    desk, now = Desk(tmp_path, peer), int(time.time())
    standing = open_standing(load(desk.folder / "mcpg.yaml"), now)
    assert standing.freshness(now).code == "revocation-missing"
    entry = ("--match", f"wasm={BAD.wasm}", "--action", "kill", "--reason", "malware")
    desk.verb("revoke", "list.json", "--issuer", "acme.example", *entry, "--key", "a.key")
    desk.verb("sign", "list.json", "--key", "b.key")
    desk.publish()
    assert await desk.poll(standing) is True
    assert check(BAD, standing.index(now)).action is Action.KILL
    assert desk.verb("status")["version"] == 1
    alarm = ("--emergency", "--match", "publisher=ghcr.io/acme", "--reason", "stolen")
    desk.verb("revoke", "list.json", *alarm, "--key", "c.key")
    desk.publish()
    assert await desk.poll(standing) is True
    assert (standing.index(now).version, len(check(BAD, standing.index(now)).entries)) == (2, 2)
    assert desk.verb("status")["emergency"] is True
