"""Cases of plugins: read, run, invented at random, written down. A case needs no gateway and does no I/O."""

from __future__ import annotations

from mcpg.workshop.cases.model import Expected, PluginCase, Wanted
from mcpg.workshop.cases.reading import load_cases
from mcpg.workshop.cases.running import Ran, Report, run_cases

__all__ = ["Expected", "PluginCase", "Ran", "Report", "Wanted", "load_cases", "run_cases"]
