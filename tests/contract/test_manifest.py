"""Manifests: what is taken and, field by field, what is refused."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from mcpg.contract.manifest import MAX_MANIFEST, decode_manifest
from mcpg.contract.schemas import schema_of
from mcpg.contract.worlds import PluginKind

_GOOD: dict[str, Any] = {
    "schema": 1,
    "id": "mcpg/backend-http",
    "version": "1.0.0",
    "kind": "backend",
    "world": "mcpg:plugin/backend-plugin@1.0.0",
    "summary": "Calls an HTTP API.",
    "licence": "Apache-2.0",
    "config": {"type": "object"},
    "reads": ["/call", "/caller/groups"],
    "effects": [{"driver": "http", "why": "call the API"}],
    "limits": {"memory": "64MiB", "time": "50ms"},
    "built": {"sources": "sha256:" + "0" * 64, "sdk": "mcpg-sdk-js 1.0.0", "tool": "componentize-qjs 0.4.5"},
}


def _text(**changes: Any) -> bytes:
    return json.dumps({**_GOOD, **changes}).encode()


def test_a_good_manifest_is_read() -> None:
    manifest = decode_manifest(_text())
    assert manifest.kind is PluginKind.BACKEND
    assert (manifest.limits.output, manifest.memo, manifest.security) == ("1MiB", False, True)
    assert jsonschema_rs.is_valid(schema_of("manifest"), _GOOD)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"id": "backend"},
        {"id": "Mcpg/x"},
        {"id": "mcpg/-x"},
        {"id": "mcpg/" + "x" * 130},
        {"version": "1.0"},
        {"version": "01.0.0"},
        {"kind": "oracle"},
        {"reads": ["/secrets"]},
        {"reads": ["caller"]},
        {"limits": {"memory": "64MB"}},
        {"limits": {"time": "0ms"}},
        {"limits": {"memory": "1MiB", "threads": 2}},
        {"effects": [{"driver": "http"}]},
        {"built": {"sources": "sha256:00", "sdk": "a 1", "tool": "b 1"}},
        {"built": {"sources": "sha256:" + "0" * 64, "sdk": "a\n1", "tool": "b 1"}},
        {"built": {"sources": "sha256:" + "0" * 64, "sdk": "a 1"}},
        {"config": []},
        {"grants": {}},
    ],
)
def test_the_model_and_the_schema_refuse_the_same(changes: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_manifest(_text(**changes))
    assert not jsonschema_rs.is_valid(schema_of("manifest"), {**_GOOD, **changes})


def test_a_world_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="is not the world of kind `backend`"):
        decode_manifest(_text(world=PluginKind.POLICY.world))


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[]", b"null"])
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_manifest(text)


def test_a_large_manifest_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match=f"at most {MAX_MANIFEST}"):
        decode_manifest(b" " * (MAX_MANIFEST + 1))
