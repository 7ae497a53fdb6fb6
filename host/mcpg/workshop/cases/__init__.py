"""Cases of plugins: read, run, invented at random, written down. A case needs no gateway and does no I/O."""

from __future__ import annotations

from mcpg.workshop.cases.model import Expected, PluginCase, Wanted
from mcpg.workshop.cases.reading import load_cases
from mcpg.workshop.cases.running import Ran, Report, run_cases
from mcpg.workshop.cases.writing import Written, write_case

__all__ = ["Expected", "PluginCase", "Ran", "Report", "Wanted", "Written", "load_cases", "run_cases", "write_case"]
