"""One byte changed in what is built in: no start, and it says which and why. A copy of the package is changed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tests.system.kit import ROOT, Gateway, document

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "sink-http"  # which no configuration of these tests uses: every start verifies all
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "host"
    shutil.copytree(ROOT / "host", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


class Layout:
    """The files of one built-in plugin in a copy of the package."""

    def __init__(self, host: Path) -> None:
        self.folder = host / "mcpg" / "plugins" / "builtin"
        self.digest = json.loads((self.folder / "lock.json").read_bytes())["plugins"][PLUGIN]["manifest"]

    def blob(self, digest: str) -> Path:
        return self.folder / "blobs" / digest.replace(":", "/")

    def read(self, digest: str) -> Any:
        return json.loads(self.blob(digest).read_bytes())

    def signature(self) -> Any:
        """Return the manifest of the first signature."""
        names = {entry.get("annotations", {}).get("org.opencontainers.image.ref.name"): entry["digest"]
                 for entry in json.loads((self.folder / "index.json").read_bytes())["manifests"]}  # fmt: skip
        return self.read(names[self.digest.replace(":", "-")])["manifests"][0]["digest"]

    def places(self) -> dict[str, Path]:
        signature = self.signature()
        return {
            "component": self.blob(self.read(self.digest)["layers"][0]["digest"]),
            "manifest": self.blob(self.digest),
            "signature": self.blob(self.read(signature)["layers"][0]["digest"]),
            "signature's manifest": self.blob(signature),
            "lock": self.folder / "lock.json",
            "anchor": self.folder / "anchor.pem",
        }


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("component", PLUGIN),
        ("manifest", PLUGIN),
        ("signature", PLUGIN),
        ("signature's manifest", PLUGIN),
        ("lock", PLUGIN),
        ("anchor", "step 6, signatures verified: found 0 valid signatures"),
    ],
)
def test_one_changed_byte_stops_the_start(host: Path, compiled: Path, tmp_path: Path, what: str, told: str) -> None:
    gateway = Gateway(tmp_path, compiled, host=host)
    gateway.write(document())
    layout = Layout(host)
    path = layout.places()[what]
    whole = path.read_bytes()
    at = whole.index(layout.digest.encode()) + 20 if what == "lock" else len(whole) // 2
    path.write_bytes(whole[:at] + (b"1" if whole[at : at + 1] != b"1" else b"2") + whole[at + 1 :])
    try:
        status = gateway.spawn().wait(60)
    finally:
        path.write_bytes(whole)
    assert status == 3, gateway.log()
    assert told in gateway.log()
    assert "to do:" in gateway.log()
    assert "Traceback" not in gateway.log()


@pytest.mark.real
def test_the_copy_as_it_was_starts(host: Path, compiled: Path, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, compiled, host=host)
    gateway.write(document())
    where = "import mcpg; print(mcpg.__file__)"
    assert str(host) in gateway.start().python(where)
    assert gateway.stop() == 0
