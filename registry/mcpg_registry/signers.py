"""Signers: a private key in this process, or a command that asks a KMS or HSM; and the signatures of an artifact.

Whatever a command answers is verified against the public key before anybody uses it. It keeps no key on disk and finds
none: `keyfiles` reads files.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from mcpg_registry.signing_commands import command_failed, run_command, signature_in
from mcpg_registry.trust.bundles import Bundle, read_bundle
from mcpg_registry.trust.keys import load_public_keys, pem_of
from mcpg_registry.trust.prehashed import is_prehashed
from mcpg_registry.trust.signing import bundle_of, bytes_to_sign, statements_of, vulnerability_statement
from mcpg_registry.trust.statements import IN_TOTO, parse_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg_registry.digests import Digest
    from mcpg_registry.trust.keys import PrivateKey, PublicKey
    from mcpg_registry.trust.statements import Release, Statement

__all__ = ["CommandSigner", "FileSigner", "Signer", "sign_artifact", "sign_statement"]

SECONDS = 30.0


class Signer(Protocol):
    """Whoever can sign for one key; `sign` returns the 64 bytes of a pure Ed25519 signature, valid for `public`."""

    @property
    def public(self) -> PublicKey:
        """The key whose signatures these are."""
        ...

    async def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`; `ConfigError` when there is none to be had."""
        ...


class FileSigner:
    """Signs with a private key that is in this process."""

    def __init__(self, key: PrivateKey) -> None:
        self._key = key

    @property
    def public(self) -> PublicKey:
        """The key's public half."""
        return self._key.public

    async def sign(self, data: bytes) -> bytes:
        """Return the key's signature over `data`."""
        return self._key.sign(data)


class CommandSigner:
    """Signs by running a command: exactly these arguments, no shell, at most `seconds` and 64 KiB of answer.

    The command gets the bytes to sign on standard input, or in a file whose path replaces `{input}` in its arguments;
    it prints the signature, 64 raw bytes or their base64. Its standard error is ours, so that it can ask for a touch.
    """

    def __init__(self, argv: Sequence[str], public: PublicKey, *, seconds: float = SECONDS) -> None:
        self._argv = tuple(argv)
        self._public = public
        self._seconds = seconds

    @classmethod
    async def ask(cls, argv: Sequence[str], public_argv: Sequence[str], *, seconds: float = SECONDS) -> CommandSigner:
        """Return the signer whose public key another command prints: SPKI, as PEM or as base64 of its DER."""
        text = await run_command(public_argv, b"", seconds)
        try:
            (key,) = load_public_keys(pem_of(text))
        except ValueError as error:
            raise command_failed(public_argv, f"it printed no Ed25519 public key: {error}") from None
        return cls(argv, key, seconds=seconds)

    @property
    def public(self) -> PublicKey:
        """The key that the command's signatures must verify with."""
        return self._public

    async def sign(self, data: bytes) -> bytes:
        """Return the command's signature over `data`; `ConfigError` when it fails or its answer does not verify."""
        answer = await run_command(self._argv, data, self._seconds)
        try:
            signature = signature_in(answer)
        except ValueError as error:
            raise command_failed(self._argv, str(error)) from None
        if self._public.verifies(signature, data):
            return signature
        if await asyncio.to_thread(is_prehashed, self._public.raw(), signature, data):
            raise command_failed(self._argv, "it signs as Ed25519ph; wanted pure Ed25519")
        raise command_failed(self._argv, f"its signature is not one of key `{self._public.id}` over these bytes")


async def sign_statement(statement: Statement, signer: Signer) -> Bundle:
    """Return the bundle of `statement`, signed by `signer`."""
    return bundle_of(statement, signer.public.id, await signer.sign(bytes_to_sign(statement)))


async def sign_artifact(
    manifest: Digest,
    release: Release,
    signers: Sequence[Signer],
    *,
    existing: Sequence[bytes] = (),
    vulnerabilities: Sequence[str] = (),
) -> tuple[Bundle, ...]:
    """Return the signatures to add to an artifact: of each signer cosign's statement and the release, in that order.

    `vulnerabilities` are ids that each signer states as well, if there are any. `existing` are the bundles that are
    there; what one of the signers has validly stated in them is not made again, so a second run returns nothing.
    `ValueError` for no signer, the same key twice, or what is no id.
    """
    if not signers or len({signer.public.id for signer in signers}) != len(signers):
        raise ValueError("an artifact is signed by one or more keys, each once")
    said = statements_of(manifest, release)
    if vulnerabilities:
        said = (*said, vulnerability_statement(manifest, vulnerabilities))
    wanted = [
        (statement, signer)
        for signer in signers
        for statement in said
        if not any(_says(text, statement, signer.public) for text in existing)
    ]
    return tuple([await sign_statement(statement, signer) for statement, signer in wanted])


def _says(text: bytes, statement: Statement, key: PublicKey) -> bool:
    """Whether `text` is a bundle in which `key` has validly signed exactly `statement`."""
    try:
        bundle = read_bundle(text)
        found = parse_statement(bundle.envelope.payload)
    except ValueError:
        return False
    return (
        isinstance(bundle, Bundle)
        and bundle.key_id == key.id
        and bundle.envelope.payload_type == IN_TOTO
        and (found.subject, found.predicate_type, found.predicate)
        == (statement.subject, statement.predicate_type, statement.predicate)
        and key.verifies(bundle.envelope.signatures[0].sig, bundle.envelope.signed_bytes())
    )
