"""The program's own log on standard error, as text or as one JSON object a line. It is not the ledger."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.config.root import Logs

__all__ = ["Reports", "set_up_logs"]


class _Text(logging.Formatter):
    """One text a line, with the id of the call where a plugin says something about one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = super().format(record)
        call = _facts(record).get("call")
        return f"{line} (call {call})" if call else line


class _Json(logging.Formatter):
    """One object a line: at (UTC), level, logger, message, the error if there is one, and what a plugin says beside."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = f"{type(error).__name__}: {error}"
        return json.dumps(line, ensure_ascii=False)


def _facts(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what the driver `log` puts beside a message: `call`, and `data` if the plugin gave any."""
    facts: Mapping[str, Any] = getattr(record, "facts", {})
    return facts


class Reports:
    """Warnings that many moments give alike: each is logged once, unless `most` others came since."""

    def __init__(self, most: int = 512) -> None:
        self._most = most
        self._told: OrderedDict[str, None] = OrderedDict()

    def tell(self, line: str) -> None:
        """Log a line that was not told lately."""
        if line not in self._told:
            logging.getLogger("mcpg.gateway").warning("%s", line)
        self._told[line] = None
        self._told.move_to_end(line)
        if len(self._told) > self._most:
            self._told.popitem(last=False)


def set_up_logs(settings: Logs) -> None:
    """Send this program's log to standard error in the format and from the level that the file says."""
    handler = logging.StreamHandler(sys.stderr)
    text = _Text("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_Json() if settings.format == "json" else text)
    root = logging.getLogger("mcpg")
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    root.propagate = False
