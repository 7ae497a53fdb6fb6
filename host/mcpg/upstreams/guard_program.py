"""Runs alone: `python -I -S guard_program.py`. Kills the process groups it was told of once its input ends.

Its input is a pipe that only the gateway holds open, so it ends when the gateway does, however that was. It imports
nothing of the gateway, starts nothing, and ends with its input.
"""

import os
import signal
import sys


def main() -> None:
    """Read `+GROUP` and `-GROUP` lines to the end, then kill what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        sign, group = line[:1], int(line[1:])
        if sign == b"+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


if __name__ == "__main__":
    main()
