"""Runs in the child, alone: `python -I -S launcher.py SETTINGS PROGRAM ARGV0 ARG...` obeys, then becomes PROGRAM.

It exists because limits must be set between fork and exec, and code run there inside the gateway (`preexec_fn`) can
deadlock in a process with threads. It imports nothing of the gateway and decides nothing.
"""

import os
import resource
import signal
import sys


def die_with(parent: int) -> None:
    """Have the kernel kill this process, and what it becomes, when its parent ends; end now if it already has."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - the command driver needs none of it

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the gateway is gone")


def main() -> None:
    """Set the limits in `cpu=1,as=2,...`, raising none; become user and group `uid=1,gid=2`; replace this process.

    With `parent=PID` the program is killed when that process, which has started us, ends (Linux).
    """
    settings = dict(pair.split("=") for pair in sys.argv[1].split(",") if pair)
    parent = settings.pop("parent", None)
    user, group, locale = settings.pop("uid", None), settings.pop("gid", None), settings.pop("locale", None)
    for name, value in settings.items():
        kind = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(kind)[1]
        most = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        resource.setrlimit(kind, (most, most))
    if locale is None:
        # Python sets it for itself in the C locale (PEP 538); the program was granted no such variable.
        os.environ.pop("LC_CTYPE", None)
    if user is not None and group is not None and int(user) != os.geteuid():
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    if parent is not None:
        die_with(int(parent))  # last, because becoming another user undoes it
    os.execv(sys.argv[2], sys.argv[3:])  # noqa: S606 - that there is no shell is the point


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"the program cannot be started: {error.strerror}")
