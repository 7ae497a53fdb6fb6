"""Errors that cross rooms. It does not decide what a client sees; `protocol` and `edge` do.

    McpgError                 everything that we raise on purpose
    ├── ConfigError           the operator wrote something that cannot be obeyed
    ├── PluginRefused         a component was not let in (verification, imports, world, manifest)
    │   └── ConfigurationRefused  it was let in and does not take its configuration
    ├── RegistryFailed        a registry, mirror or feed could not be reached or would not answer
    ├── RunFailed             one run of one plugin could not be finished
    │   ├── PluginTrapped     the component trapped, overran its deadline or its memory
    │   ├── BadDocument       the component answered with something outside its schema
    │   └── NondeterministicPlugin  the same question had two answers
    ├── EffectDenied          a plugin asked for an effect that the operator has not granted
    ├── LedgerUnavailable     a record cannot be written, so nothing may happen
    └── UpstreamFailed        an MCP server behind us is down, hangs or talks nonsense

Messages follow one grammar: lower case, no final period, values of users in backticks, one line.
"""

from __future__ import annotations

__all__ = [
    "BadDocument",
    "ConfigError",
    "ConfigurationRefused",
    "EffectDenied",
    "LedgerUnavailable",
    "McpgError",
    "NondeterministicPlugin",
    "PluginRefused",
    "PluginTrapped",
    "RegistryFailed",
    "RunFailed",
    "UpstreamFailed",
    "one_line",
    "reason_of",
]


def one_line(text: str) -> str:
    """Return `text` without what could steer a terminal or break a log's line: others may have written parts of it."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def reason_of(error: Exception) -> str:
    """Return why something failed, for a message of ours: the system's reason in lower case, or the error's words."""
    if isinstance(error, OSError):
        return (error.strerror or str(error) or type(error).__name__).lower()
    return str(error)


class McpgError(Exception):
    """What went wrong (`message`), where, and what to do about it (`remedy`), under a stable `code`."""

    code = "internal"

    def __init__(self, message: str, *, code: str | None = None, where: str = "", remedy: str = "") -> None:
        super().__init__(one_line(message))
        self.message = one_line(message)
        self.where = one_line(where)
        self.remedy = one_line(remedy)
        if code is not None:
            self.code = code

    def diagnostics(self) -> str:
        """The error for a person: where, what, what to do."""
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  to do: {self.remedy}" if self.remedy else text


class ConfigError(McpgError):
    """The operator's file cannot be obeyed as it stands."""

    code = "bad-config"


class PluginRefused(McpgError):  # noqa: N818 - names state facts
    """A component was not let in; `step` is the number of the loader's step that refused it."""

    code = "plugin-refused"

    def __init__(
        self, message: str, *, step: int = 0, code: str | None = None, where: str = "", remedy: str = ""
    ) -> None:
        super().__init__(message, code=code, where=where, remedy=remedy)
        self.step = step


class ConfigurationRefused(PluginRefused):
    """A component did not take its configuration; `reason` is its own code for that, `said` its own words."""

    code = "bad-plugin-config"

    def __init__(self, message: str, *, reason: str, said: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.said = said


class RegistryFailed(McpgError):  # noqa: N818 - names state facts
    """A registry, mirror or feed could not be reached, would not let us in, or answered with an error."""

    code = "registry-failed"


class RunFailed(McpgError):  # noqa: N818 - names state facts
    """One run of one plugin could not be finished."""

    code = "run-failed"


class PluginTrapped(RunFailed):
    """The component trapped or overran a limit; its instance is gone.

    `trace` tells the frames that it was in, for its author; no message, record or log holds it.
    """

    code = "plugin-trapped"

    def __init__(self, message: str, *, code: str | None = None, trace: str = "") -> None:
        super().__init__(message, code=code)
        self.trace = trace


class BadDocument(RunFailed):
    """The component answered with something outside its schema."""

    code = "bad-document"


class NondeterministicPlugin(RunFailed):
    """The same question had two answers."""

    code = "nondeterministic-plugin"


class EffectDenied(RunFailed):
    """A plugin asked for an effect that the operator has not granted."""

    code = "effect-denied"


class LedgerUnavailable(McpgError):  # noqa: N818 - names state facts
    """A record cannot be written, so nothing may happen."""

    code = "ledger-unavailable"


class UpstreamFailed(McpgError):  # noqa: N818 - names state facts
    """An MCP server behind us is down, hangs or talks nonsense."""

    code = "upstream-failed"
