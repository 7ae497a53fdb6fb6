"""The URIs of one upstream where another upstream offers the same ones: its name before them.

`mcpg://UPSTREAM/` stands before the upstream's own URI; interfaces of tools (MCP Apps) have to begin with `ui://` and
become `ui://mcpg/UPSTREAM/...`. What stands before is taken away again on the way to the upstream and put there on the
way back: in links, embedded resources and contents, and in what a tool says of its interface (`_meta.ui.resourceUri`).
Nothing else of a result is looked at. It routes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpg.pipeline.templates import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["INTERFACE", "Uris", "interface_of", "is_ours", "owned", "owners_own", "with_interface"]

INTERFACE = "ui://"
"""How URIs of interfaces begin."""
_OURS = ("mcpg://", "ui://mcpg/")


def is_ours(uri: str) -> bool:
    """Whether a URI looks like one that the gateway makes; an upstream's own of that kind get its name once more."""
    return uri.casefold().startswith(_OURS)


def owned(owner: str, uri: str) -> str:
    """Return a URI of an upstream with the upstream's name before it."""
    if uri.startswith(INTERFACE):
        return f"{_OURS[1]}{owner}/{uri.removeprefix(INTERFACE)}"
    return f"{_OURS[0]}{owner}/{uri}"


def owners_own(owner: str, uri: str) -> str:
    """Return the upstream's own URI, which `owned` has put its name before; another one stays."""
    interface = f"{_OURS[1]}{owner}/"
    if uri.startswith(interface):
        return INTERFACE + uri.removeprefix(interface)
    return uri.removeprefix(f"{_OURS[0]}{owner}/")


class Uris:
    """Which URIs of one upstream are shown by another name; `shared` are exact ones, `templates` URI templates."""

    __slots__ = ("_owner", "_patterns", "_shared")

    def __init__(self, owner: str, shared: Iterable[str], templates: Iterable[str]) -> None:
        self._owner = owner
        self._shared = frozenset(shared)
        self._patterns = [Template(text) for text in templates]

    def shown(self, uri: str) -> str:
        """Return what clients call the upstream's `uri`."""
        if uri in self._shared or any(pattern.matches(uri) for pattern in self._patterns):
            return owned(self._owner, uri)
        return uri

    def own(self, uri: str) -> str:
        """Return what the upstream calls what clients call `uri`."""
        return owners_own(self._owner, uri)

    def result(self, method: str, result: dict[str, Any]) -> dict[str, Any]:
        """Return an upstream's result as clients of the endpoint may follow its links; the given one stays as it is."""
        if method == "tools/call":
            return self._with_list(with_interface(result, self.shown), "content", self._block)
        if method == "prompts/get":
            return self._with_list(result, "messages", self._message)
        if method == "resources/read":
            return self._with_list(result, "contents", self._named)
        return result

    def _with_list(
        self, result: dict[str, Any], field: str, change: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        items = result.get(field)
        if not isinstance(items, list):
            return result
        return {**result, field: [change(item) if isinstance(item, dict) else item for item in items]}

    def _message(self, message: dict[str, Any]) -> dict[str, Any]:
        content = message.get("content")
        if isinstance(content, dict):
            return {**message, "content": self._block(content)}
        return self._with_list(message, "content", self._block)

    def _block(self, block: dict[str, Any]) -> dict[str, Any]:
        if block.get("type") == "resource_link":
            return self._named(block)
        if block.get("type") == "resource" and isinstance(block.get("resource"), dict):
            return {**block, "resource": self._named(block["resource"])}
        return block

    def _named(self, item: dict[str, Any]) -> dict[str, Any]:
        uri = item.get("uri")
        return {**item, "uri": self.shown(uri)} if isinstance(uri, str) else item


_OLD = "ui/resourceUri"


def interface_of(entry: Mapping[str, Any]) -> list[str]:
    """Return the URIs of a tool's interface, as `_meta` names them (`ui.resourceUri`, `ui/resourceUri` before that)."""
    meta = entry.get("_meta")
    if not isinstance(meta, dict):
        return []
    interface = meta.get("ui")
    named = [interface.get("resourceUri") if isinstance(interface, dict) else None, meta.get(_OLD)]
    return [uri for uri in named if isinstance(uri, str)]


def with_interface(entry: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Return the entry with the URIs of its interface changed; the given one stays as it is."""
    if not interface_of(entry):
        return dict(entry)
    meta = dict(entry["_meta"])
    if isinstance(meta.get("ui"), dict) and isinstance(meta["ui"].get("resourceUri"), str):
        meta["ui"] = {**meta["ui"], "resourceUri": change(meta["ui"]["resourceUri"])}
    if isinstance(meta.get(_OLD), str):
        meta[_OLD] = change(meta[_OLD])
    return {**entry, "_meta": meta}
