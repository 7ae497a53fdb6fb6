"""A publisher and a site at one real registry, with our command line as programs of their own. It tests nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.cli.goods import component
from tests.real.peers import run
from tests.system.kit import RULES, document, tool

from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.peers import Peer

__all__ = ["Desk"]


@dataclass
class Desk:
    """One folder with keys, a component and the operator's file; `peer` is the registry, its log-in is known."""

    path: Path
    peer: Peer
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.mkdir(mode=0o700, exist_ok=True)
        self.environment = {**self.peer.environment, "HOME": str(self.path), "COSIGN_PASSWORD": "x"}
        for name in ("acme", "stranger", "list-1", "list-2", "list-3"):
            key = PrivateKey.generate()
            (self.path / f"{name}.key").write_text(key.pem())
            (self.path / f"{name}.key").chmod(0o600)
            (self.path / f"{name}.pub").write_text(key.public.pem)
        (self.path / "tool.wasm").write_bytes(component("backend-mock", id="acme/tool"))
        self.write()

    @property
    def registries(self) -> dict[str, Any]:
        host = {"ca": str(self.peer.ca)} if self.peer.ca else {"plain_http": True}
        return {"hosts": {self.peer.authority: host}}

    def write(self, *, uses: str = "", **sections: Any) -> None:
        """Write the operator's file; with `uses`, a gateway's whose tool `greet` is that plugin's."""
        rules = [{"prefix": f"{self.peer.authority}/acme", "keys": ["acme.pub"]}]
        wanted: dict[str, Any] = {"version": 1, "registries": self.registries, "trust": {"rules": rules}, **sections}
        if uses:
            (self.path / "rules.cedar").write_text(RULES)
            tools = {"greet": tool("tool", mock={"text": "it runs"})}
            wanted = document(plugins={"tool": {"from": uses}}, tools=tools, **wanted)
        (self.path / "mcpg.yaml").write_text(json.dumps(wanted, indent=1))

    def mcpg(self, *words: str, check: int = 0) -> Any:
        """Run a verb with --json; returns what it printed, or the error that it told."""
        done = run(sys.executable, "-m", "mcpg", *words, "--json", cwd=self.path, check=check, **self.environment)
        return json.loads(done.stdout if not check else done.stderr[done.stderr.index("{") :])

    def tool(self, program: Path | str, *words: str, check: int | None = 0) -> str:
        """Run somebody else's program; returns all that it printed."""
        done = run(str(program), *words, cwd=self.path, check=check, **self.environment)
        return done.stdout + done.stderr

    def pushed(self, name: str, *options: str) -> str:
        """Push the component and return its name with digest."""
        place = f"{self.peer.authority}/acme/{name}"
        return str(self.mcpg("plugin", "push", "tool.wasm", place, *options)["pinned"])
