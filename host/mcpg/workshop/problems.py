"""What stops a build, as errors for people who write plugins. It finds nothing itself."""

from __future__ import annotations

from mcpg.contract.problems import McpgError

__all__ = ["BuildFailed", "ManifestWrong", "ToolMissing"]


class BuildFailed(McpgError):  # noqa: N818 - names state facts
    """The author's code, or what it needs, kept a component from being built; `output` is what a compiler said."""

    code = "build-failed"

    def __init__(
        self, message: str, *, code: str | None = None, where: str = "", remedy: str = "", output: str = ""
    ) -> None:
        super().__init__(message, code=code, where=where, remedy=remedy)
        self.output = output


class ToolMissing(BuildFailed):
    """A program, or a part of one, that the language needs is not here; the remedy installs it."""

    code = "tool-missing"


class ManifestWrong(BuildFailed):
    """The manifest is missing, or says something that no gateway would take; `where` is file and line."""

    code = "bad-manifest"
