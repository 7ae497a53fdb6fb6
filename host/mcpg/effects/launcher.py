"""Runs in the child, alone: `python -I -S launcher.py SETTINGS PROGRAM ARGV0 ARG...` obeys, then becomes PROGRAM.

It exists because limits must be set between fork and exec, and code run there inside the gateway (`preexec_fn`) can
deadlock in a process with threads. It imports nothing of the gateway and decides nothing.
"""

import os
import resource
import sys


def main() -> None:
    """Set the limits in `cpu=1,as=2,...`, raising none; become user and group `uid=1,gid=2`; replace this process."""
    settings = dict(pair.split("=") for pair in sys.argv[1].split(",") if pair)
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
    os.execv(sys.argv[2], sys.argv[3:])  # noqa: S606 - that there is no shell is the point


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"the program cannot be started: {error.strerror}")
