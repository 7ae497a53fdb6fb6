"""How an operator names a plugin: the grammar of references. It resolves nothing and does no I/O.

    builtin:NAME                      a component that ships with the program
    file:PATH                         a bare component, for development only
    layout:PLACE#REPOSITORY:TAG       an OCI image layout, a directory or a tar; also @DIGEST, or :TAG@DIGEST
    HOST/REPOSITORY@DIGEST            a registry; also :TAG, or :TAG@DIGEST

In a layout, REPOSITORY may begin with the host of the registry that it came from: `ghcr.io/acme/redact`.
Source for repository, tag and digest: OCI distribution spec 1.1, "Pulling manifests".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcpg_registry.digests import parse_digest
from mcpg_registry.steps import refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpg.contract.problems import PluginRefused
    from mcpg_registry.digests import Digest

__all__ = [
    "BuiltinReference",
    "FileReference",
    "LayoutReference",
    "Reference",
    "RegistryReference",
    "is_named_repository",
    "is_repository",
    "is_tag",
    "parse_reference",
]

MAX_REFERENCE = 4096
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"({_LABEL}(\.{_LABEL})*|\[[0-9a-fA-F:.]{{2,45}}\])(:[1-9][0-9]{{0,4}})?", re.ASCII)
_FORMS = "builtin:NAME, layout:PLACE#REPOSITORY:TAG, HOST/REPOSITORY@sha256:..., or file:PATH while developing"
MAX_REPOSITORY = 255
MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class BuiltinReference:
    """A component that ships with the program."""

    name: str

    def __str__(self) -> str:
        return f"builtin:{self.name}"


@dataclass(frozen=True, slots=True)
class FileReference:
    """A bare component in a file, without signatures: for development only."""

    path: str

    def __str__(self) -> str:
        return f"file:{self.path}"


@dataclass(frozen=True, slots=True)
class LayoutReference:
    """An artifact in an OCI image layout; at least one of tag and digest is there."""

    directory: str
    repository: str
    tag: str | None
    digest: Digest | None

    @property
    def full_name(self) -> str:
        """The repository's original name, host included where the layout has it."""
        return self.repository

    def __str__(self) -> str:
        return f"layout:{self.directory}#{self.repository}{_ending(self.tag, self.digest)}"


@dataclass(frozen=True, slots=True)
class RegistryReference:
    """An artifact in a registry; at least one of tag and digest is there."""

    host: str
    repository: str
    tag: str | None
    digest: Digest | None

    @property
    def full_name(self) -> str:
        """The repository's original name, host included."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        return f"{self.full_name}{_ending(self.tag, self.digest)}"


Reference = BuiltinReference | FileReference | LayoutReference | RegistryReference


def parse_reference(text: str) -> Reference:
    """Return the reference in `text`; `PluginRefused` at step 1 that says what was found and what is wanted."""
    if not text or len(text) > MAX_REFERENCE or not text.isprintable():
        raise _refused("<unprintable>" if text else "", "it is empty, too long or holds unprintable characters")
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "builtin":
        if _NAME.fullmatch(rest) is None:
            raise _refused(text, "a built-in's name is lower-case letters, digits and inner hyphens")
        return BuiltinReference(rest)
    if colon and scheme == "file":
        if not rest or rest.startswith("//"):
            raise _refused(text, "after file: stands a path, not a URL")
        return FileReference(rest)
    if colon and scheme == "layout":
        directory, hash_sign, name = rest.rpartition("#")
        if not directory or not hash_sign:
            raise _refused(text, "after layout: stand a place, # and REPOSITORY:TAG or REPOSITORY@DIGEST")
        return LayoutReference(directory, *_name(text, name, is_named_repository))
    host, slash, name = text.partition("/")
    if not slash or "://" in text:
        raise _refused(text, "it has none of the known forms")
    fault = _host_fault(host)
    if fault is not None:
        raise _refused(text, fault)
    return RegistryReference(host.lower(), *_name(text, name, is_repository))


def is_repository(text: str) -> bool:
    """Whether `text` is a repository name, such as `acme/redact`."""
    return len(text) <= MAX_REPOSITORY and _REPOSITORY.fullmatch(text) is not None


def is_named_repository(text: str) -> bool:
    """Whether `text` is a repository name, with or without the host of its registry: `localhost:5000/acme/redact`."""
    host, _, repository = text.partition("/")
    return is_repository(text) or (is_repository(repository) and _host_fault(host) is None)


def is_tag(text: str) -> bool:
    """Whether `text` is a tag, such as `1.2.0`."""
    return _TAG.fullmatch(text) is not None


def _name(text: str, name: str, is_name: Callable[[str], bool]) -> tuple[str, str | None, Digest | None]:
    before, at, digest_text = name.partition("@")
    above, slash, last = before.rpartition("/")
    last, colon, tag = last.partition(":")
    repository = above + slash + last
    if not is_name(repository):
        raise _refused(text, f"`{repository}` is no repository name; wanted lower-case parts joined by `/`")
    if colon and not is_tag(tag):
        raise _refused(text, f"`{tag}` is no tag")
    if not colon and not at:
        raise _refused(text, "it names no version; wanted :TAG or @sha256:...")
    try:
        digest = parse_digest(digest_text) if at else None
    except ValueError as error:
        raise _refused(text, str(error)) from None
    return repository, tag if colon else None, digest


def _host_fault(host: str) -> str | None:
    """Return what is wrong with a registry's host, if anything."""
    if _HOST.fullmatch(host) is None:
        return f"`{host}` is no host"
    port = "" if host.endswith("]") else host.rpartition(":")[2] if ":" in host else ""
    if port and int(port) > MAX_PORT:
        return f"`{port}` is no port"
    if "." not in host and ":" not in host and host != "localhost":
        return f"`{host}` is no registry's host; write the host in full, such as ghcr.io"
    return None


def _refused(text: str, message: str) -> PluginRefused:
    return refusal(
        1, f"`{text[:200]}` is no plugin reference: {message}", remedy=f"write {_FORMS}", code="bad-reference"
    )


def _ending(tag: str | None, digest: Digest | None) -> str:
    return (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
