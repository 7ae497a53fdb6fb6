"""Who runs a verb, for journals that people read. It proves nothing, and it asks no directory service."""

from __future__ import annotations

import os

__all__ = ["whoever"]


def whoever() -> str:
    """Return the name that the environment gives the user, or the number of the account.

    The system's own lookup may open a socket, which a command that promised to open none must not.
    """
    named = next((os.environ[name] for name in ("LOGNAME", "USER") if os.environ.get(name)), "")
    return named or (f"uid {os.getuid()}" if hasattr(os, "getuid") else "somebody")
