"""Each file in `bad/` is refused with exactly the findings that its `# expect:` lines name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpg.config import ConfigErrors, load

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))


def _expected(path: Path) -> list[str]:
    text = path.read_bytes().decode(errors="replace")
    return [line.removeprefix("# expect: ") for line in text.splitlines() if line.startswith("# expect: ")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_refused_with_place_and_remedy(path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load(path, {})
    findings = caught.value.findings
    expected = _expected(path)
    shown = [
        finding.text().replace("\n  to do:", ";").removeprefix(f"{path}:").removeprefix(" ") for finding in findings
    ]
    assert len(shown) == len(expected), shown
    for one, wanted in zip(shown, expected, strict=True):
        assert wanted in one
    for finding in findings:
        assert finding.message[0] in "`'" or finding.message[0].islower()
        assert not finding.message.endswith(".")


def test_there_are_files() -> None:
    assert len(FILES) > 30
