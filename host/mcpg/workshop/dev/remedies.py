"""What helps where a run failed, in the words that `mcpg plugin test` has for it. It changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpg.contract.problems import NondeterministicPlugin
from mcpg.workshop.cases.faults import broken, impure, not_declared, unstable
from mcpg.workshop.dev.settings import FILE
from mcpg.workshop.dev.veiling import parsed

if TYPE_CHECKING:
    from mcpg.contract.manifest import Manifest
    from mcpg.contract.ports import RunSeen
    from mcpg.contract.verdicts import Effect

__all__ = ["message_of", "remedy_for"]


def remedy_for(run: RunSeen, manifest: Manifest, *, repeatable: bool = True) -> str:
    """Return what to do about a run that failed; nothing where nothing is known."""
    if not repeatable and run.answer is not None:
        return impure(manifest, 0, run.answer, None).remedy
    problem = run.problem
    if problem is None:
        return ""
    if problem.code == "effect-denied" and len(run.effects) > len(run.replies):
        return _denied(run, manifest)
    if isinstance(problem, NondeterministicPlugin) and run.effects:
        return unstable(manifest, 0, run.effects[0], None).remedy
    return broken(problem, manifest, run.function).remedy


def message_of(run: RunSeen, manifest: Manifest) -> str:
    """Return the message of a run's problem, with the place in the source where the trace of a trap knows it."""
    return "" if run.problem is None else broken(run.problem, manifest, run.function).message


def _denied(run: RunSeen, manifest: Manifest) -> str:
    """Say how the first effect that was asked for and not performed would be granted."""
    declared = {wish.driver for wish in manifest.effects}
    for effect in run.effects[len(run.replies) :]:
        if effect.driver not in declared:
            return not_declared(effect).remedy
    wanted = json.dumps({effect.driver: _grant(effect) for effect in run.effects[len(run.replies) :]})
    return f"if it should, give it with `--grant '{wanted}'`, or under `grants` in {FILE}"


def _grant(effect: Effect) -> object:
    request = parsed(effect.request)
    if effect.driver != "http" or not isinstance(request, dict):
        return {}
    try:
        url = urlsplit(str(request.get("url")))
        port = url.port
    except ValueError:
        return {}
    grant: dict[str, object] = {"hosts": [url.hostname or ""], "methods": [str(request.get("method", "GET"))]}
    if url.scheme != "https":
        grant["schemes"] = [url.scheme]
    if port is not None:
        grant["ports"] = [port]
    return grant
