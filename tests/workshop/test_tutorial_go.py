"""Every command of the tutorial for Go works, as it stands there, with real Go and a registry of the tests."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.simulator.registry import beside
from tests.system.kit import ROOT
from tests.system.pages import Page, free_port

from mcpg.workshop.componentizing import user_cache

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

PAGE = ROOT / "docs" / "tutorial" / "plugin-go.md"


def _go() -> dict[str, str]:
    """Where Go and the workshop keep what they have built, for a page runs in a home of its own."""
    names = ["GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY"]
    said = subprocess.run(["go", "env", "-json", *names], capture_output=True, check=True, text=True).stdout
    return {**json.loads(said), "XDG_CACHE_HOME": str(user_cache().parents[1])}


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
def test_the_tutorial_for_go(tmp_path: Path) -> None:
    with beside() as registry:
        replaced = {"localhost:5000": registry.authority, "8787": free_port(), "8788": free_port()}
        said = Page(PAGE, tmp_path, replaced, _go()).run(skip="dev")
        assert registry.contents.repository("acme/greeter").tags["0.1.0"]
    assert "not yet" in said
    assert "Good morning, Ana!" in said
    assert "hello, Ana" in said
    assert "the greeting service does not answer" in (tmp_path / "gateway.log").read_text()


def test_the_code_that_the_tutorial_explains_is_the_template() -> None:
    template = (ROOT / "plugins-src/sdk/go/template/backend/plugin.go").read_text().replace("{{ident}}", "Greeter")
    shown = PAGE.read_text().split("```go\n")[1].split("```")[0]
    for part in shown.split("\n\n"):
        assert part.strip() in template
