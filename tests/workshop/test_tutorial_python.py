"""Every command of the tutorial for Python works, as it stands there, with the real tool and a registry of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.simulator.registry import beside
from tests.system.kit import ROOT
from tests.system.pages import Page, free_port
from tests.workshop.author import componentizer

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "tutorial" / "plugin-python.md"


@pytest.mark.real
def test_the_tutorial_for_python(tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = componentizer(ROOT / "build" / "tools")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    # What the author's build has compiled, the gateway need not: in life they are two machines.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for folder in (tmp_path / ".state", tmp_path / "cache" / "mcpg"):
        folder.mkdir(mode=0o700, parents=True)
        (folder / "compiled").symlink_to(compiled, target_is_directory=True)
    with beside() as registry:
        ports = {"8787": free_port(), "8788": free_port()}
        page = Page(PAGE, tmp_path, {"localhost:5000": registry.authority, **ports})
        said = page.run(skip="aside", patience=900)
        assert registry.contents.repository("acme/greeter").tags["0.1.0"]
    assert "not yet" in said
    assert "good morning, Ana; nobody is called nobody" in said


def test_the_code_that_the_tutorial_begins_with_is_that_of_the_template() -> None:
    template = (ROOT / "plugins-src/sdk/python/template/backend/plugin.py").read_text()
    shown = PAGE.read_text().split("```python\n")[1].split("```")[0]
    assert _bare(shown) in _bare(template)


def _bare(code: str) -> str:
    """Code without its docstrings, which stand on one line each, and without empty lines."""
    return "\n".join(line for line in code.splitlines() if line.strip() and '"""' not in line)
