"""Keyless identities: who a certificate says has signed, and whom the operator trusts. It reads no certificate.

An identity is two texts that belong together: the issuer that has vouched for it (the URL of an OIDC provider), and
the name (a workflow's URI, or an e-mail address). One without the other says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mcpg_registry.strict_json import parse_object
from mcpg_registry.trust.patterns import MAX_TEXT, parse_pattern

if TYPE_CHECKING:
    from mcpg_registry.trust.patterns import Pattern

__all__ = ["Identity", "TrustedIdentity"]

MAX_ROOT = 1024 * 1024
ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot"


class Identity(NamedTuple):
    """An issuer, and the name that it has vouched for; equal to the plain pair of texts."""

    issuer: str
    identity: str

    def __str__(self) -> str:
        return f"`{self.identity}` by `{self.issuer}`"


@dataclass(frozen=True, slots=True)
class TrustedIdentity:
    """Who may sign keyless: `issuer` as it stands, and either `identity` as it stands or an anchored `pattern`.

    `pattern` is in the grammar of `patterns`. `root` is a sigstore trusted root (JSON) that certificate, log and time
    stamp must chain to; empty means the one that ships with the `sigstore` package. `ValueError` says what is wrong.
    """

    issuer: str
    identity: str = ""
    pattern: str = ""
    root: bytes = field(default=b"", repr=False)
    _compiled: Pattern | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for text in (self.issuer, self.identity):
            if len(text) > MAX_TEXT or not text.isprintable():
                raise ValueError("issuer and identity are printable texts of at most 2048 characters")
        if not self.issuer:
            raise ValueError("a keyless identity needs its issuer: a name alone can be had from any issuer")
        if bool(self.identity) == bool(self.pattern):
            raise ValueError(f"a keyless identity of `{self.issuer}` wants either identity or pattern")
        if len(self.root) > MAX_ROOT:
            raise ValueError(f"the trusted root for `{self.issuer}` has more than {MAX_ROOT} bytes")
        if self.root:
            self._check_root()
        if self.pattern:
            object.__setattr__(self, "_compiled", parse_pattern(self.pattern))

    def _check_root(self) -> None:
        """Find the wrong file when it is named; whether it can be used is `sigstore`'s to say, when it is needed."""
        try:
            kind = parse_object(self.root, MAX_ROOT).get("mediaType")
        except ValueError as error:
            raise ValueError(f"the trusted root for `{self.issuer}`: {error}") from None
        if not isinstance(kind, str) or not kind.startswith(ROOT_TYPE):
            raise ValueError(f"the trusted root for `{self.issuer}` is no document of type `{ROOT_TYPE}`")

    def matches(self, found: Identity) -> bool:
        """Whether `found` is trusted by this entry: issuer and identity, both in full."""
        if found.issuer != self.issuer:
            return False
        return found.identity == self.identity if self._compiled is None else self._compiled.matches(found.identity)
