"""Transforms from text for the tests of dev sessions and bench: they answer with a text, ask for an effect, or trap."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.world import expand

from mcpg.workshop.modules import with_manifest

TEMPLATE = """
(component
  (core module $m
    ;; include common
    (data (i32.const 4096) "{texts}")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "before") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "after") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
      {body})
  )
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "cabi_realloc" (core func $realloc))
  (type $problem (record (field "code" string) (field "message" string)))
  (type $effect (record (field "driver" string) (field "request" string)))
  (type $reply (variant (case "ok" string) (case "failed" $problem)))
  (type $change (variant (case "unchanged") (case "changed" string) (case "deny" $problem) (case "failed" $problem)
    (case "perform" (list $effect))))
  (func $configure (param "config" string) (result (result (error $problem)))
    (canon lift (core func $i "configure") (memory $memory) (realloc $realloc)))
  (func $before (param "caller" string) (param "call" string) (param "replies" (list $reply)) (result $change)
    (canon lift (core func $i "before") (memory $memory) (realloc $realloc)))
  (func $after (param "caller" string) (param "call" string) (param "outcome" string) (param "replies" (list $reply))
    (result $change) (canon lift (core func $i "after") (memory $memory) (realloc $realloc)))
  (instance $lifecycle (export "problem" (type $problem)) (export "configure" (func $configure)))
  (instance $transform
    (export "problem" (type $problem)) (export "effect" (type $effect)) (export "reply" (type $reply))
    (export "change" (type $change)) (export "before" (func $before)) (export "after" (func $after)))
  (export "mcpg:plugin/lifecycle@1.0.0" (instance $lifecycle))
  (export "mcpg:plugin/transform@1.0.0" (instance $transform))
)
"""


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "schema": 1,
        "id": "acme/trimmer",
        "version": "0.1.0",
        "kind": "transform",
        "world": "mcpg:plugin/transform-plugin@1.0.0",
        "summary": "Answers with a fixed text.",
        "licence": "Apache-2.0",
        "config": {"type": "object"},
        "reads": ["/call/name", "/outcome/result"],
        "effects": [{"driver": "http", "why": "to be refused"}],
    } | changes


def says(text: str, **changes: Any) -> bytes:
    """Return a transform whose `after` answers with a result of this text."""
    result = json.dumps({"content": [{"type": "text", "text": text}]})
    return _component(result, f"(call $answer (i32.const 1) (i32.const 4096) (i32.const {len(result)}))", changes)


def asks(url: str, text: str = "done", **changes: Any) -> bytes:
    """Return a transform whose `after` asks for one GET, then answers with a result of this text."""
    request, result = (
        json.dumps({"method": "GET", "url": url}),
        json.dumps({"content": [{"type": "text", "text": text}]}),
    )
    record = [4096, 4, 4100, len(request)]
    at = (4100 + len(request) + 7) & ~7
    pad = " " * (at - 4100 - len(request))
    words = "".join(f"\\{byte:02x}" for word in record for byte in word.to_bytes(4, "little"))
    answer = f"(call $answer (i32.const 1) (i32.const {at + 16}) (i32.const {len(result)}))"
    perform = f"(call $answer (i32.const 4) (i32.const {at}) (i32.const 1))"
    body = f"(if (result i32) (i32.eqz (local.get 7)) (then {perform}) (else {answer}))"
    return _component("http" + request + pad, body, changes, raw=words, tail=result)


def traps(**changes: Any) -> bytes:
    return _component("", "(unreachable)", changes)


def _component(texts: str, body: str, changes: dict[str, Any], *, raw: str = "", tail: str = "") -> bytes:
    escaped = texts.replace('"', '\\"') + raw + tail.replace('"', '\\"')
    wasm = expand(TEMPLATE.replace("{texts}", escaped).replace("{body}", body))
    return with_manifest(wasm, json.dumps(manifest(**changes)).encode())
