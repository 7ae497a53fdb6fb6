"""Requests to a read-only OCI registry, parsed, and its answers as values. It does no I/O.

Source: OCI distribution spec 1.1 (pull, content discovery, errors); RFC 9110 for ranges and conditions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Answer", "Asked", "Span", "found", "oci_failure", "page", "parse_path", "parse_query", "parse_range"]

MAX_PAGE = 1000
_PATH = re.compile(
    r"/v2/(?P<name>[^?#]{1,300})/(?:(?P<kind>manifests|blobs|referrers)/(?P<what>[^/]{1,200})|tags/list)"
)
_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))")
_MEANING = {
    "BLOB_UNKNOWN": 404,
    "MANIFEST_UNKNOWN": 404,
    "NAME_UNKNOWN": 404,
    "DIGEST_INVALID": 400,
    "UNSUPPORTED": 405,
    "PAGINATION_NUMBER_INVALID": 400,
}
Kind = Literal["base", "catalog", "tags", "manifests", "blobs", "referrers"]
Lines = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a path asks for."""

    kind: Kind
    name: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to but without `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. With `blob`, the body is that file's `span` instead."""

    status: int
    lines: Lines
    body: bytes = b""
    blob: str = ""
    span: Span | None = None


def parse_path(path: str) -> Asked | None:
    """Return what a decoded path asks for; none for what no registry has."""
    if path in {"/v2/", "/v2"}:
        return Asked("base")
    if path == "/v2/_catalog":
        return Asked("catalog")
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind: Any = match["kind"] or "tags"
    return Asked(kind, match["name"], match["what"] or "")


def parse_query(query: bytes) -> dict[str, str]:
    """Return the query's values, the first of each name; nothing of a query that cannot be read."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=16)
    except ValueError:
        return {}
    return dict(reversed(pairs))


def parse_range(text: str, size: int) -> Span | Literal["none", "unsatisfiable"]:
    """Return the one span that a Range header asks of `size` bytes; whatever else it says is as good as none."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return "none"
    first, last, suffix = match.groups()
    if suffix is not None:
        return Span(max(0, size - int(suffix)), size) if int(suffix) and size else "unsatisfiable"
    start = int(first)
    if last and int(last) < start:
        return "none"
    if start >= size:
        return "unsatisfiable"
    return Span(start, min(size, int(last) + 1) if last else size)


def oci_failure(code: str, message: str, status: int | None = None, lines: Lines | None = None) -> Answer:
    """Return an error as registries tell it."""
    body = json.dumps({"errors": [{"code": code, "message": message, "detail": None}]}).encode()
    return Answer(status or _MEANING[code], [(b"content-type", b"application/json"), *(lines or [])], body)


def found(document: Any, lines: Lines | None = None, kind: str = "application/json") -> Answer:
    """Return a document."""
    return Answer(200, [(b"content-type", kind.encode()), *(lines or [])], json.dumps(document).encode())


def page(values: Sequence[str], query: dict[str, str], path: str) -> tuple[Sequence[str], Lines]:
    """Return one page of sorted values and the link to the next; `ValueError` for a page size that is no number."""
    size = MAX_PAGE
    if "n" in query:
        if not re.fullmatch(r"[0-9]{1,9}", query["n"]):
            raise ValueError("n is no number")
        size = min(int(query["n"]), MAX_PAGE)
    after = query.get("last", "")
    rest = [value for value in values if value > after] if after else list(values)
    shown = rest[:size]
    if len(rest) <= size or not shown:
        return shown, []
    link = f'<{quote(path)}?n={size}&last={quote(shown[-1], safe="")}>; rel="next"'
    return shown, [(b"link", link.encode())]
