"""In-toto statements: what is said of which bytes, and our release statement. It verifies no signature.

Source: in-toto attestation framework, Statement v1. Two predicates are known here: cosign's own, which says nothing
but "I signed this", and our release, which binds id, version, world and wasm digest to the manifest digest.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mcpg_registry.digests import Digest, hex_of, parse_digest
from mcpg_registry.strict_json import compact, parse_object

__all__ = ["COSIGN", "IN_TOTO", "RELEASE", "Release", "Statement", "parse_release", "parse_statement"]

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
COSIGN = "https://sigstore.dev/cosign/sign/v1"
RELEASE = "https://mcpg.dev/plugin/release/v1"
MAX_STATEMENT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Statement:
    """A predicate about exactly one subject; `subject` is a manifest digest."""

    subject: Digest
    predicate_type: str
    predicate: dict[str, Any]
    name: str = ""

    def payload(self) -> bytes:
        """Return the statement as the payload of an envelope: the same bytes for the same statement."""
        subject = {"digest": {"sha256": hex_of(self.subject)}} | ({"name": self.name} if self.name else {})
        return compact(
            {
                "_type": STATEMENT,
                "subject": [subject],
                "predicateType": self.predicate_type,
                "predicate": self.predicate,
            }
        )


@dataclass(frozen=True, slots=True)
class Release:
    """What a publisher released: a plugin's id, version, world, and the digest of its component."""

    id: str
    version: str
    world: str
    wasm: Digest

    def predicate(self) -> dict[str, Any]:
        """Return the predicate of the release statement."""
        return asdict(self)


def parse_statement(payload: bytes) -> Statement:
    """Return the statement in `payload`; `ValueError` when its type is unknown or it has not exactly one subject."""
    document = parse_object(payload, MAX_STATEMENT)
    if document.get("_type") != STATEMENT:
        raise ValueError(f"the statement's type is not `{STATEMENT}`")
    subjects = document.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise ValueError("the statement has not exactly one subject")
    digests = subjects[0].get("digest")
    sha256 = digests.get("sha256") if isinstance(digests, dict) else None
    kind, predicate = document.get("predicateType"), document.get("predicate", {})
    if not isinstance(kind, str) or not (predicate is None or isinstance(predicate, dict)):
        raise ValueError("the statement's predicate has no type, or is no object")
    name = subjects[0].get("name", "")
    if not isinstance(name, str):
        raise ValueError("the name of the statement's subject is no text")  # noqa: TRY004 - the data is wrong
    return Statement(parse_digest(f"sha256:{sha256}"), kind, predicate or {}, name)


def parse_release(predicate: dict[str, Any]) -> Release:
    """Return the release in a predicate; `ValueError` when a field is missing, unknown or no text."""
    if predicate.keys() != {"id", "version", "world", "wasm"}:
        raise ValueError("a release states id, version, world and wasm and nothing else")
    if not all(isinstance(value, str) for value in predicate.values()):
        raise ValueError("a field of the release is no text")
    return Release(predicate["id"], predicate["version"], predicate["world"], parse_digest(predicate["wasm"]))
