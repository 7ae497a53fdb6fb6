"""Programs of Debian that the real tests run beside ours: found, or installed when the tests may. It starts none."""

from __future__ import annotations

import os
import shutil
import subprocess

INSTALL = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")


def debian(program: str, package: str | None = None) -> str:
    """Return the path of `program`; where it is missing and we are root, its package is installed first."""
    wanted = package or program
    if shutil.which(program) is None:
        assert os.geteuid() == 0, f"install `{program}` (Debian: apt-get install {wanted})"
        assert shutil.which("apt-get"), f"install `{program}` (there is no apt-get here)"
        done = subprocess.run([*INSTALL, wanted], capture_output=True, text=True, check=False)
        if done.returncode:
            subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
            done = subprocess.run([*INSTALL, wanted], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-1000:]
    found = shutil.which(program)
    assert found is not None, f"package {wanted} has no `{program}`"
    return found
