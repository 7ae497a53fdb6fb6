"""Every command of the tutorial for JavaScript works, as it stands there, with npm and a registry of the tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.simulator.registry import beside
from tests.system.kit import ROOT
from tests.system.pages import Page, free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

# What npm needs to reach a registry of packages from here, for a page runs in a home of its own.
NPMS = re.compile(r"npm_config_\w+|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|https?_proxy|no_proxy", re.IGNORECASE)
AFTER = "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n"
PAGE = ROOT / "docs" / "tutorial" / "plugin-javascript.md"


def test_the_tutorial_for_javascript(
    with_node: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", with_node["PATH"])
    with beside() as registry:
        replaced = {"localhost:5000": registry.authority, "8787": free_port(), "8790": free_port()}
        variables = {name: value for name, value in with_node.items() if NPMS.fullmatch(name)}
        said = Page(PAGE, tmp_path, replaced, variables).run(skip="dev", more=AFTER)
        assert registry.contents.repository("acme/change-freeze").tags["0.1.0"]
    lines = said.splitlines()
    assert lines.index("not yet") < lines.index("frozen") < lines.index("deployed")
    assert "`deploy` may change something, and changes are frozen" in said


def test_the_code_that_the_tutorial_explains_is_the_template() -> None:
    template = (ROOT / "plugins-src" / "sdk" / "js" / "template" / "policy" / "plugin.js").read_text()
    assert f"```js\n{template}```" in PAGE.read_text()
