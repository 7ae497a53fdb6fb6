"""A dev session with a real toolchain: the source is saved, and the next call is answered by what it became."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.workshop.dev_sessions import save, session, text

from mcpg.contract.worlds import PluginKind
from mcpg.workshop.dev.calling import Calling
from mcpg.workshop.new import Wish, new_project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("shared_cache")]

PATIENCE = 300.0


@pytest.fixture(autouse=True)
def shared_tools(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(compiled.parent / "user-cache"))


async def test_a_go_plugin_is_edited_saved_and_swapped(tmp_path: Path, compiled: Path) -> None:
    project = new_project(Wish("trimmer", PluginKind.TRANSFORM, "go", "acme", "Apache-2.0"), tmp_path / "trimmer")
    good = project.entry.read_bytes()
    async with session(project.root, cache=compiled, call=("echo", {"text": "hello"})) as (made, told):
        calling = Calling(made._served.gateway)
        assert "configured from cases/transform.yaml" in told.notes
        assert text(told.results[-1][1]).endswith(" [cut]")
        assert (told.case_runs[-1].good, made.good) == (True, True)

        save(project.entry, good.replace(b" [cut]", b" [CUT]"))
        await told.until(lambda: len(told.case_runs) == 2, PATIENCE)
        assert text(told.results[-1][1]).endswith(" [CUT]")
        assert told.exchanged == 1
        assert any('found "abcde [CUT]"' in line for lines in told.case_runs[-1].failed for line in lines)

        save(project.entry, good + b"\n}\n")
        await told.until(lambda: told.problems, PATIENCE)
        assert told.problems[-1].where.startswith("plugin.go:")
        assert text(await calling.call("echo", {})).endswith(" [CUT]"), "what could be built goes on"

        save(project.entry, good)
        await told.until(lambda: len(told.case_runs) == 3, PATIENCE)
        assert told.case_runs[-1].good
        [run, findings] = next(each for each in reversed(told.runs) if each[0].function == "after")
        assert run.answer is not None
        assert findings.need is not None
        assert findings.need.memory is not None
