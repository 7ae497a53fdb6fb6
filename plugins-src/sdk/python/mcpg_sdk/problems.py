"""Why something did not work, and the signal that a reply is missing. Nothing here knows a run."""

from __future__ import annotations

__all__ = ["Failed", "Pending", "Problem", "Unavailable", "UnavailableFile"]


class Problem(Exception):
    """What a plugin says when it cannot go on: a stable code such as `rate-unknown`, and one line for a person.

    Raised out of a method it becomes the answer `failed`, raised in `__init__` it refuses the configuration. Its
    message reaches logs and, for some kinds, callers: never put a secret into it.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = str(code)
        self.message = str(message)

    def __str__(self) -> str:
        return self.message


class Failed(Problem):
    """The reply to an effect that did not work. Uncaught, it becomes the answer `failed` with the same code."""

    def __init__(self, code: str, message: str, driver: str = "") -> None:
        super().__init__(code, message)
        self.driver = driver


class Unavailable(Problem):
    """Something that a plugin cannot do itself, such as reading a clock; the message says what to do instead."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("plugin-error", f"{what} does not work in a plugin: {remedy}")


class UnavailableFile(Unavailable, OSError):
    """The same for files and processes, so that code which can do without them goes on as if they were not there."""


class Pending(BaseException):
    """A reply is missing, so this pass ends here. No `Exception`, so that `except Exception` lets it pass.

    Code that catches it all the same changes nothing: every later effect stops too, and the effects are asked for
    whatever the code then returns.
    """
