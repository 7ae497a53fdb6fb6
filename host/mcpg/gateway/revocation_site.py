"""From the keys under `revocations` to what judges lists and what fetches them. It fetches none itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcpg.contract.problems import ConfigError, PluginRefused, reason_of
from mcpg.gateway.supplying import hosts_of
from mcpg_registry.layout import read_file
from mcpg_registry.references import RegistryReference, parse_reference
from mcpg_registry.trust.keys import load_public_keys
from mcpg_revocations.envelopes import Anchor
from mcpg_revocations.feeds import Feed
from mcpg_revocations.standing import Site, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mcpg.config import Loaded
    from mcpg_registry.http import Http
    from mcpg_registry.trust.keys import PublicKey
    from mcpg_revocations.sources import Source

__all__ = ["STATE", "feed_file", "make_feed", "network", "open_standing", "site_of"]

STATE = "revocations"
"""The folder, in the state, of what this site has seen."""
MAX_PEM = 64 * 1024
_HTTP = ("https://", "http://")
_FILE = "file:"


def open_standing(loaded: Loaded, now: int) -> Standing:
    """Return what is revoked here; it blocks. `PluginRefused` at step 4, `ConfigError` for a key or an addition."""
    return Standing.open(site_of(loaded), now)


def site_of(loaded: Loaded) -> Site:
    """Return what the file says of this site; it reads the keys, and so blocks. `ConfigError` for one of them."""
    given = loaded.config.revocations
    anchor = None
    if given.anchor is not None:
        keys = _keys(loaded, given.anchor.keys, "revocations.anchor.keys")
        try:
            anchor = Anchor(keys, given.anchor.threshold or min(2, len(keys)))
        except ValueError as error:
            place = "revocations.anchor.threshold"
            raise ConfigError(str(error), where=place, remedy="give more keys, or a lower threshold") from None
    return Site(
        state=loaded.state / STATE,
        anchor=anchor,
        additions=loaded.resolve(given.additions) if given.additions else None,
        overrides=loaded.resolve(given.overrides) if given.overrides else None,
        site_keys=_keys(loaded, given.override_keys, "revocations.override_keys"),
    )


def feed_file(loaded: Loaded) -> Path | None:
    """Return the file that the feed is, if it is one."""
    feed = loaded.config.revocations.feed
    return loaded.resolve(feed.removeprefix(_FILE)) if feed and feed.startswith(_FILE) else None


def network() -> Http:
    """Return what carries requests of a feed; the caller closes it."""
    from mcpg_registry.http import Network  # noqa: PLC0415 - slow to import, and few need it

    return Network()


def make_feed(loaded: Loaded, http: Http) -> Feed | None:
    """Return the feed that the file names, if any; `ConfigError` for one that cannot be. It opens no connection."""
    given, path = loaded.config.revocations, feed_file(loaded)
    if given.feed is None:
        return None
    from mcpg_revocations.sources import FileSource  # noqa: PLC0415 - slow to import, and few need it

    return Feed(FileSource(path) if path else _remote(loaded, given.feed, http), interval=given.poll)


def _remote(loaded: Loaded, feed: str, http: Http) -> Source:
    from mcpg_registry.client import RegistryClient  # noqa: PLC0415 - slow to import, and few need it
    from mcpg_registry.credentials import StoredCredentials  # noqa: PLC0415 - likewise
    from mcpg_revocations.sources import HttpsSource, OciSource  # noqa: PLC0415 - likewise

    hosts = hosts_of(loaded)
    if feed.startswith(_HTTP):
        return HttpsSource(http, feed, hosts.of(feed.partition("://")[2].partition("/")[0]))
    try:
        reference = parse_reference(feed)
    except PluginRefused as error:
        raise _no_feed(feed) from error
    if not isinstance(reference, RegistryReference):
        raise _no_feed(feed)
    return OciSource(
        RegistryClient(http, hosts=hosts, credentials=StoredCredentials(file=loaded.credentials)), reference
    )


def _no_feed(feed: str) -> ConfigError:
    return ConfigError(
        f"`{feed}` is no feed",
        where="revocations.feed",
        remedy="write `https://HOST/PATH`, `HOST/REPOSITORY:TAG` or `file:PATH`",
    )


def _keys(loaded: Loaded, paths: Sequence[str], place: str) -> tuple[PublicKey, ...]:
    keys: dict[str, PublicKey] = {}
    for path in paths:
        try:
            found = load_public_keys(read_file(loaded.resolve(path), MAX_PEM).decode("ascii"))
        except (OSError, ValueError) as error:
            reason = reason_of(error)
            remedy = "write it with `mcpg keys show`"
            raise ConfigError(f"`{path}`: {reason}", where=place, remedy=remedy) from error
        keys |= {key.id: key for key in found}
    return tuple(keys.values())
