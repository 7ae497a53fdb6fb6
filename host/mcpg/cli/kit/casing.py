"""A plugin's component and files of cases, found and run for the command line. It draws nothing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mcpg.cli.output import plain
from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg.plugins.components import describe_component
from mcpg.workshop.cases import load_cases, run_cases
from mcpg.workshop.cases.properties import run_properties
from mcpg.workshop.componentizing import user_cache
from mcpg.workshop.project import open_project
from mcpg.workshop.stand import open_workbench

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mcpg.workshop.cases import Report
    from mcpg.workshop.cases.properties import Properties
    from mcpg.workshop.project import Project

__all__ = ["run"]

CASES = "cases"


class _Subject(NamedTuple):
    """What is tested: the component, the same with line tables if there is one, and the files of its cases."""

    wasm: Path
    traced: Path | None
    files: tuple[Path, ...]


async def run(
    place: Path,
    *,
    files: tuple[Path, ...],
    text: str,
    properties: int,
    seed: int,
    coverage: bool,
    require_coverage: bool,
    build: bool,
) -> dict[str, Any]:
    """Run what was chosen and return it as plain values; raises `McpgError` where nothing can be run."""
    subject = await _subject(place, build=build)
    named = _listed(files) if files else subject.files
    if not named and not properties:
        raise ConfigError(
            "there are no cases", where=str(place), remedy="write `cases/NAME.yaml`, or name files with `--cases`",
            code="no-cases",
        )  # fmt: skip
    cases = [case for case in await asyncio.to_thread(load_cases, named) if text in case.name]
    if text and not cases:
        raise ConfigError(
            f"no case has `{text}` in its name",
            where=str(place),
            remedy="leave out `-k`, or shorten it",
            code="no-cases",
        )
    async with open_workbench(subject.wasm, cache=user_cache(), say=_tell) as bench:
        begin = time.perf_counter()
        report = await run_cases(bench, cases, traced=subject.traced, cache=user_cache())
        seconds = time.perf_counter() - begin
        tried = None
        if properties:
            tried = await run_properties(bench, cases, count=properties, seed=seed)
        manifest = bench.manifest
    missing = report.coverage.missing() if require_coverage else ()
    good = not report.failed and not missing and (tried is None or tried.broken is None)
    return {
        "plugin": manifest.id,
        "version": manifest.version,
        "good": good,
        "passed": len(report.ran) - len(report.failed),
        "failed": len(report.failed),
        "ms": round(seconds * 1000, 3),
        "cases": _cases(report),
        "properties": None if tried is None else _tried(tried),
        "coverage": {**report.coverage.document(), "lines": report.coverage.lines()} if coverage else None,
        "uncovered": list(missing),
    }


def _cases(report: Report) -> list[dict[str, Any]]:
    return [{**each.document(), "lines": [] if each.fault is None else each.fault.lines()} for each in report.ran]


def _tried(tried: Properties) -> dict[str, Any]:
    document = tried.document()
    if tried.broken is not None:
        document["failed"]["lines"] = tried.broken.fault.lines()
    return document


async def _subject(place: Path, *, build: bool) -> _Subject:
    alone = await asyncio.to_thread(_alone, place)
    if alone is not None:
        return alone
    project = await asyncio.to_thread(open_project, place)
    if build:
        await _build(project)
    if not project.wasm.is_file():
        raise ConfigError("it is not built", where=str(place), remedy="mcpg plugin build", code="not-built")
    return _Subject(project.wasm, project.traced if project.traced.is_file() else None, project.cases)


def _alone(place: Path) -> _Subject | None:
    """Return a component's file with what stands beside it; None if it is no file."""
    if not place.is_file():
        return None
    beside = (place.parent / CASES, place.parent.parent / CASES)
    found = next((folder for folder in beside if folder.is_dir()), None)
    traced = place.with_suffix(".traced.wasm")
    return _Subject(place, traced if traced.is_file() else None, _listed([found]) if found else ())


async def _build(project: Project) -> None:
    """Build a project unless its component says that it was built from the sources that stand here."""
    from mcpg.workshop.building import build  # noqa: PLC0415 - only projects are built

    if not await asyncio.to_thread(_is_current, project):
        built = await build(project, say=_tell, cache=user_cache())
        for warning in built.warnings:
            _tell(f"warning: {plain(warning)}")


def _is_current(project: Project) -> bool:
    from mcpg.workshop.sdks import place_sdk  # noqa: PLC0415 - only projects are built
    from mcpg.workshop.sources import digest_of, sources_of  # noqa: PLC0415 - likewise

    try:
        built = describe_component(project.wasm.read_bytes(), project.name).manifest.built
    except (OSError, PluginRefused):
        return False
    sdk = place_sdk(project, _tell)
    return built is not None and built.sources == digest_of(sources_of(project, sdk.folder))


def _listed(places: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files of cases that were named, or stand in folders that were."""
    found: list[Path] = []
    for place in places:
        found += sorted(each for each in place.glob("*.y*ml") if each.is_file()) if place.is_dir() else [place]
    return tuple(found)


def _tell(line: str) -> None:
    click.echo(line, err=True)
