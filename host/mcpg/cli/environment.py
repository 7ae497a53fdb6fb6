"""What the environment says of a verb's work: who does it, and when it counts as done. It proves nothing."""

from __future__ import annotations

import os
import re

from mcpg.contract.problems import ConfigError

__all__ = ["said_time", "whoever"]

EPOCH = "SOURCE_DATE_EPOCH"


def said_time() -> int | None:
    """Return the seconds since 1970 in SOURCE_DATE_EPOCH, at which what is made counts as made; none if it is unset.

    `ConfigError` when it holds something else. Source: reproducible-builds.org, SOURCE_DATE_EPOCH.
    """
    text = os.environ.get(EPOCH, "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,11}", text):
        message = f"`{text[:40]}` is no number of seconds since 1970"
        raise ConfigError(message, where=EPOCH, remedy="unset it, or mend it")
    return int(text)


def whoever() -> str:
    """Return the name that the environment gives the user, or the number of the account.

    The system's own lookup may open a socket, which a command that promised to open none must not.
    """
    named = next((os.environ[name] for name in ("LOGNAME", "USER") if os.environ.get(name)), "")
    return named or (f"uid {os.getuid()}" if hasattr(os, "getuid") else "somebody")
