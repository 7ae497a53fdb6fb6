"""A connector for tests that guards nothing: pyreqwest with its pool, as `mcpg.upstreams.Connector` wants it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import ConnectError, PyreqwestError

from mcpg.upstreams import Lost, NotSent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mcpg.upstreams import HttpSpec


class PlainReply:
    def __init__(self, response: Any) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._reader = response.body_reader

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self._reader.read_chunk()) is not None:
                yield bytes(chunk)
        except PyreqwestError as error:
            raise Lost("cut the connection before the answer") from error


class PlainConnector:
    def __init__(self) -> None:
        self._client = ClientBuilder().no_proxy().follow_redirects(False).http1_only().build()

    @asynccontextmanager
    async def stream(
        self, spec: HttpSpec, method: str, *, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[PlainReply]:
        request = self._client.request(method, spec.url).headers(dict(headers))
        if body is not None:
            request = request.body_bytes(body)
        built = request.streamed_read_buffer_limit(1).build_streamed()
        try:
            response = await built.__aenter__()
        except ConnectError as error:
            raise NotSent("cannot be connected to") from error
        except PyreqwestError as error:
            raise Lost("cut the connection before the answer") from error
        try:
            yield PlainReply(response)
        finally:
            await built.__aexit__(None, None, None)

    async def close(self) -> None:
        await self._client.close()
