"""Every command of the tutorial for Rust works, as it stands there, with the real toolchain and our own registry."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.simulator.registry import beside
from tests.system.kit import ROOT
from tests.system.pages import Page, free_port

PAGE = ROOT / "docs" / "tutorial" / "plugin-rust.md"
TARGET = ROOT / "plugins-src" / "target" / "projects"


def _homes() -> dict[str, str]:
    """Where Rust's own things are, for a page runs in a home of its own."""
    home = Path.home()
    found = {"CARGO_HOME": home / ".cargo", "RUSTUP_HOME": home / ".rustup"}
    return {name: os.environ.get(name, str(folder)) for name, folder in found.items()}


@pytest.mark.real
@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs Rust")
def test_the_tutorial_for_rust(tmp_path: Path) -> None:
    variables = {**_homes(), "CARGO_TARGET_DIR": str(TARGET)}
    with beside() as registry:
        page = Page(PAGE, tmp_path, {"localhost:5000": registry.authority, "8787": free_port()}, variables)
        said = page.run(skip="dev")
        assert registry.contents.repository("acme/shorten").tags["0.1.0"]
    assert "not yet" in said
    assert "Once upon a  [25 more]" in said
    assert (tmp_path / "shorten" / "out" / "shorten.wasm").stat().st_size < 400_000


def test_the_code_that_the_tutorial_explains_is_that_of_the_template() -> None:
    template = (ROOT / "plugins-src/sdk/rust/template/transform/src/lib.rs").read_text()
    shown = PAGE.read_text().split("```rust\n")[1].split("```")[0]
    code = _bare(template.replace("{{ident}}", "Shorten"))
    for part in shown[shown.index("#[derive(Deserialize)]") :].split("\n\n"):
        assert _bare(part) in code, part


def _bare(code: str) -> str:
    """Code without its comments and without what rustfmt decides."""
    lines = [line for line in code.splitlines() if not line.lstrip().startswith("//")]
    return "".join("".join(lines).split()).replace(",)", ")").replace(";}", "}")
