"""In-toto statements: what is said of which bytes, and our release statement. It verifies no signature.

Source: in-toto attestation framework, Statement v1. Three predicates are known here: cosign's own, which says nothing
but "I signed this"; our release, which binds id, version, world and wasm digest to the manifest digest; and our
vulnerabilities, by which a publisher says later what is known to be wrong with this very manifest.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mcpg_registry.digests import Digest, hex_of, parse_digest
from mcpg_registry.strict_json import compact, parse_object

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "COSIGN",
    "IN_TOTO",
    "RELEASE",
    "VULNERABILITIES",
    "Release",
    "Statement",
    "parse_release",
    "parse_statement",
    "parse_vulnerabilities",
    "vulnerabilities_predicate",
]

IN_TOTO = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
COSIGN = "https://sigstore.dev/cosign/sign/v1"
RELEASE = "https://mcpg.dev/plugin/release/v1"
VULNERABILITIES = "https://mcpg.dev/plugin/vulnerabilities/v1"
MAX_STATEMENT = 64 * 1024
MAX_VULNERABILITIES = 256
_VULNERABILITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)


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


def vulnerabilities_predicate(ids: Sequence[str]) -> dict[str, Any]:
    """Return the predicate that names vulnerabilities, such as `CVE-2026-1234`; `ValueError` for what is no such id."""
    predicate = {"ids": sorted(set(ids))}
    parse_vulnerabilities(predicate)
    return predicate


def parse_vulnerabilities(predicate: dict[str, Any]) -> tuple[str, ...]:
    """Return the ids in a predicate; `ValueError` unless it is `{"ids": [...]}` with 1 to 256 distinct short ids."""
    ids = predicate.get("ids")
    if predicate.keys() != {"ids"} or not isinstance(ids, list) or not 1 <= len(ids) <= MAX_VULNERABILITIES:
        raise ValueError(f"vulnerabilities state ids, 1 to {MAX_VULNERABILITIES} of them, and nothing else")
    if not all(isinstance(each, str) and _VULNERABILITY.fullmatch(each) for each in ids) or len(set(ids)) != len(ids):
        raise ValueError("an id of a vulnerability is no short text, or stands there twice")
    return tuple(ids)
