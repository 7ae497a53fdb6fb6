"""Every command of the supply chain's pages works, as it stands there, against a registry of the tests."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.cli.goods import component, stock
from tests.simulator.access import Basic
from tests.simulator.registry import Registry, beside
from tests.system.kit import ROOT
from tests.system.pages import Page, free_port

from mcpg_registry.digests import digest_bytes
from mcpg_registry.trust.keys import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.real

DOCS = ROOT / "docs"
PASSWORD = b"a password of the tests"
REDACT: dict[str, Any] = {"name_of": "transform-redact", "id": "acme/redact"}
FILE = """\
version: 1
registries: {{hosts: {{"{host}": {{plain_http: true}}}}}}
"""
# The publisher's commands go first and need no list; those at a site have a file that believes it.
AT_A_SITE = """
mcpg() {
    case "$1 $2" in
        "revocations status" | "revocations import" | "revocations add" | "revocations override")
            export MCPG_CONFIG=site.yaml;;
    esac
    command mcpg "$@" || { local code=$?; [ "$2" = status ] && echo "status: $code"; }
}
"""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with beside() as running:
        yield running


def _keys(folder: Path, *names: str) -> PrivateKey:
    """Write a password, and a key pair for each name under it; returns the first private key."""
    (folder / "password").write_bytes(PASSWORD + b"\n")
    made = [PrivateKey.generate() for _ in names]
    for name, key in zip(names, made, strict=True):
        (folder / f"{name}.key").write_text(key.pem(PASSWORD))
        (folder / f"{name}.pub").write_text(key.public.pem)
    return made[0]


def _namespaces() -> bool:
    """Whether we may make a network of our own without anything in it."""
    programs = shutil.which("unshare") and shutil.which("ip")
    return (
        bool(programs) and subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0
    )


def test_the_tutorial_from_source_to_an_air_gapped_site(registry: Registry, compiled: Path, tmp_path: Path) -> None:
    for name in ("maker", "connected", "stick", "site"):
        (tmp_path / name / ".state").mkdir(parents=True, mode=0o700)
        (tmp_path / name / ".state" / "compiled").symlink_to(compiled, target_is_directory=True)
    (tmp_path / "maker" / "hello.wasm").write_bytes(component("backend-mock", id="acme/hello"))
    page = Page(DOCS / "tutorial" / "air-gap.md", tmp_path, {"localhost:5000": registry.authority, "8787": free_port()})
    said = page.run(skip="build", alone="site" if _namespaces() else "none")
    assert "hello from behind the gap" in said
    assert said.count("REFUSED") == 0
    assert "(unproven)" in said
    assert (tmp_path / "site" / "board.md").read_text()
    assert "mcpg: serving" in (tmp_path / "site" / "gateway.log").read_text()
    sizes = [(tmp_path / "stick" / name).stat().st_size for name in ("plugins.tar", "next.tar")]
    assert sizes[1] < sizes[0] / 5


def test_what_the_tutorial_builds_is_there(tmp_path: Path) -> None:
    (block,) = (each for each in Page(DOCS / "tutorial" / "air-gap.md", tmp_path).blocks() if each.label == "build")
    assert "plugins-src/build.py --only backend-mock" in block.text
    assert (ROOT / "plugins-src" / "build.py").exists()
    assert '"mcpg/backend-mock"' in (ROOT / "plugins-src" / "components" / "backend-mock" / "manifest.json").read_text()


def test_publish(tmp_path: Path) -> None:
    with beside(access=Basic({"acme": "word"})) as registry:
        (tmp_path / "redact.wasm").write_bytes(component("transform-redact", id="acme/redact", version="1.2.0"))
        (tmp_path / "password").write_bytes(PASSWORD + b"\n")
        (tmp_path / "token").write_text("word\n")
        (tmp_path / "mcpg.yaml").write_text(FILE.format(host=registry.authority))
        page = Page(DOCS / "how-to" / "publish.md", tmp_path, {"ghcr.io": registry.authority})
        said = page.run(more='git() { echo 1700000000; }\nmcpg() { command mcpg "$@"; }\n')
        assert registry.contents.repository("acme/redact").tags["1.2.0"]
        assert f"counts for {registry.authority}/acme/redact, this once" in said


def _use_of(page: Page, registry: Registry) -> str:
    """Return a file that holds what the page's first YAML block shows, and reaches the registry."""
    shown = yaml.safe_load(page.blocks("yaml")[0].text)
    return FILE.format(host=registry.authority) + yaml.safe_dump(shown)


def test_pull_lock_update(registry: Registry, tmp_path: Path) -> None:
    key = _keys(tmp_path, "acme")
    stock(registry, "acme/redact", key, **REDACT, version="1.2.0")
    page = Page(DOCS / "how-to" / "pull.md", tmp_path, {"ghcr.io": registry.authority})
    (tmp_path / "mcpg.yaml").write_text(FILE.format(host=registry.authority))
    first, *rest = page.blocks()
    (tmp_path / "first.md").write_text(f"```sh\n{first.text}```\n")
    said = Page(tmp_path / "first.md", tmp_path).run()
    assert "These keys were trusted this once" in said
    (tmp_path / "mcpg.yaml").write_text(_use_of(page, registry))
    stock(registry, "acme/redact", key, **REDACT, version="1.3.0")
    stock(registry, "acme/redact", key, **REDACT, version="2.0.0")
    (tmp_path / "rest.md").write_text("".join(f"```sh\n{block.text}```\n" for block in rest))
    said = Page(tmp_path / "rest.md", tmp_path).run()
    assert "1.2.0 -> 1.3.0" in said
    assert "removed" in said


def test_revoke(registry: Registry, tmp_path: Path) -> None:
    key = _keys(tmp_path, "acme", "bob", "eve", "kim", "site")
    wasm = component(**REDACT, version="1.2.0")
    stock(registry, "acme/redact", key, **REDACT, version="1.2.0")
    replaced = {"ghcr.io": registry.authority, "wasm=sha256:...": f"wasm={digest_bytes(wasm)}"}
    page = Page(DOCS / "how-to" / "revoke.md", tmp_path, replaced, {"MCPG_KEY_PASSWORD": PASSWORD.decode()})
    site = yaml.safe_load(page.blocks("yaml")[0].text)
    site["revocations"] |= {"additions": "additions", "overrides": "overrides", "override_keys": ["site.pub"]}
    for name in ("additions", "overrides"):
        (tmp_path / name).mkdir()
    (tmp_path / "mcpg.yaml").write_text(FILE.format(host=registry.authority))
    (tmp_path / "site.yaml").write_text(FILE.format(host=registry.authority) + yaml.safe_dump(site))
    pull = f"mcpg plugin pull {registry.authority}/acme/redact:1.2.0 --key acme.pub\n"
    said = page.run(more=pull + AT_A_SITE)
    assert registry.contents.repository("acme/revocations").tags["latest"]
    assert "status: 3" in said
    assert "sends arguments of tools to a stranger" in said


def test_mirror(registry: Registry, tmp_path: Path) -> None:
    key = _keys(tmp_path, "acme", "operator")
    host, port = registry.authority, free_port()
    digest = stock(registry, "acme/redact", key, **REDACT, version="1.2.0")
    rules = f'trust: {{rules: [{{prefix: "{host}/acme", keys: [acme.pub]}}]}}\n'
    use = f'plugins: {{no-secrets: {{from: "{host}/acme/redact:1.2.0"}}}}\n'
    (tmp_path / "mcpg.yaml").write_text(FILE.format(host=host) + rules + use)
    # A host with a port cannot be a part of a path: the bundle is asked by its short names.
    replaced = {"127.0.0.1:5000/ghcr.io": f"127.0.0.1:{port}", "127.0.0.1:5000": f"127.0.0.1:{port}", "ghcr.io": host}
    Page(DOCS / "how-to" / "mirror.md", tmp_path, replaced).run()
    assert digest in (tmp_path / "mcpg.lock").read_text()
    assert (tmp_path / "parts.tar.000").exists()
    assert (tmp_path / "board.md").exists()
