"""The built-in drivers, typed: `http(url=...)` asks, `http.effect(url=...)` describes for `all`.

What a request and a reply hold stands in `documents`. Other drivers are asked with `ask(driver, request)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .effects import Driver

if TYPE_CHECKING:
    from typing import Unpack

    from .documents import (
        CommandReply,
        CommandRequest,
        HttpReply,
        HttpRequest,
        McpReply,
        McpRequest,
        NotifyReply,
        NotifyRequest,
        SignReply,
        SignRequest,
        SqlReply,
        SqlRequest,
    )
    from .run import Effect

__all__ = ["command", "http", "mcp", "notify", "sign", "sql"]


if TYPE_CHECKING:

    class _Http:
        """Asks for an HTTP request."""

        name: str

        def __init__(self, name: str) -> None: ...
        def __call__(self, **request: Unpack[HttpRequest]) -> HttpReply: ...
        def effect(self, **request: Unpack[HttpRequest]) -> Effect: ...

    class _Sql:
        """Asks for an SQL statement or transaction."""

        name: str

        def __init__(self, name: str) -> None: ...
        def __call__(self, **request: Unpack[SqlRequest]) -> SqlReply: ...
        def effect(self, **request: Unpack[SqlRequest]) -> Effect: ...

    class _Command:
        """Asks for a command."""

        name: str

        def __init__(self, name: str) -> None: ...
        def __call__(self, **request: Unpack[CommandRequest]) -> CommandReply: ...
        def effect(self, **request: Unpack[CommandRequest]) -> Effect: ...

    class _Mcp:
        """Asks for a request to an MCP server."""

        name: str

        def __init__(self, name: str) -> None: ...
        def __call__(self, **request: Unpack[McpRequest]) -> McpReply: ...
        def effect(self, **request: Unpack[McpRequest]) -> Effect: ...

    class _Notify:
        """Asks for a notice to the client of this call."""

        name: str

        def __init__(self, name: str) -> None: ...
        def __call__(self, **request: Unpack[NotifyRequest]) -> NotifyReply: ...
        def effect(self, **request: Unpack[NotifyRequest]) -> Effect: ...

    class _Sign:
        """Asks for an HMAC under a key that the plugin never sees."""

        name: str

        def __init__(self, name: str) -> None: ...
        def __call__(self, **request: Unpack[SignRequest]) -> SignReply: ...
        def effect(self, **request: Unpack[SignRequest]) -> Effect: ...

else:
    _Http = _Sql = _Command = _Mcp = _Notify = _Sign = Driver

http = _Http("http")
sql = _Sql("sql")
command = _Command("command")
mcp = _Mcp("mcp")
notify = _Notify("notify")
sign = _Sign("sign")
