"""What only a component itself can refuse is found before the gateway is started."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from click.testing import CliRunner

from mcpg.cli.group import cli

if TYPE_CHECKING:
    from pathlib import Path

FILE = """\
version: 1
plugins:
  red: {from: "builtin:transform-redact", config: {patterns: [{name: odd, regex: "REGEX"}]}}
transforms: [red]
"""


def _check(folder: Path, regex: str, *verb: str) -> tuple[int, str]:
    path = folder / "mcpg.yaml"
    path.write_text(FILE.replace("REGEX", regex))
    done = CliRunner().invoke(cli, [*verb, "--config", str(path)])
    return done.exit_code, done.stdout + done.stderr


def test_an_expression_that_the_component_refuses_is_found_with_its_place(tmp_path: Path) -> None:
    (tmp_path / ".state" / "compiled").mkdir(parents=True, mode=0o700)  # what is compiled once is kept
    for verb in (("config", "check"), ("doctor",)):
        status, said = _check(tmp_path, "(", *verb)
        assert status == 1
        assert "mcpg.yaml:3:43: plugins.red.config: `builtin:transform-redact` refuses its configuration" in said
    status, said = _check(tmp_path, "[0-9]+", "config", "check")
    assert (status, "is good" in said) == (0, True)


def test_a_gateway_that_never_ran_is_left_as_it_is(tmp_path: Path) -> None:
    assert _check(tmp_path, "[0-9]+", "config", "check")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mcpg.yaml"]
    assert stat.S_ISREG((tmp_path / "mcpg.yaml").stat().st_mode)
