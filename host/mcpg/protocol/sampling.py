"""Sampling said to versions that know less of it: one block a message, no tools before 2025-11-25. It asks no model.

Source: `CreateMessageRequest` and `CreateMessageResult` in schema.ts of each version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mcpg.protocol.kinds import SAMPLING_BLOCKS
from mcpg.protocol.refusals import cannot_say
from mcpg.protocol.versions import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["sayable_answer", "sayable_request"]

_MANY: Final = "2025-11-25"
"""The first version with tools, and with several blocks in one message."""


def sayable_request(params: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return sampling params without what `version` lacks; raises `Refusal` -32021 where that would change the meaning.

    A message of several blocks becomes one message a block, of the same role.
    """
    sayable = dict(params)
    if at_least(version, _MANY):
        return sayable
    if sayable.get("tools"):
        raise cannot_say("sampling with tools", version, {"sampling": {"tools": {}}})
    messages = sayable.get("messages")
    if isinstance(messages, list):
        sayable["messages"] = [part for message in messages for part in _parts(message)]
        for message in sayable["messages"]:
            _check_block(message.get("content") if isinstance(message, dict) else None, version)
    return sayable


def sayable_answer(result: Mapping[str, Any], version: str) -> dict[str, Any]:
    """Return a sampling answer of one block; several blocks of text become one, others raise `Refusal` -32021."""
    sayable = dict(result)
    if at_least(version, _MANY):
        return sayable
    content = sayable.get("content")
    if isinstance(content, list):
        for block in content:
            _check_block(block, version)
        sayable["content"] = _joined(content, version)
    else:
        _check_block(content, version)
    return sayable


def _parts(message: Any) -> Iterator[Any]:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        yield message
        return
    for block in content:
        yield {**message, "content": block}


def _check_block(block: Any, version: str) -> None:
    kind = block.get("type") if isinstance(block, dict) else None
    since = SAMPLING_BLOCKS.get(kind) if isinstance(kind, str) else None
    if since is not None and not at_least(version, since):
        needed: dict[str, Any] = {"sampling": {"tools": {}}} if since == _MANY else {}
        raise cannot_say(f"sampling with `{kind}` content", version, needed)


def _joined(blocks: list[Any], version: str) -> Any:
    if len(blocks) == 1:
        return blocks[0]
    texts = [block.get("text") if isinstance(block, dict) else None for block in blocks]
    if all(isinstance(text, str) for text in texts):
        return {"type": "text", "text": "\n".join(str(text) for text in texts)}
    raise cannot_say("sampling with several blocks of content", version, {})
