"""The site of the operator's file, with the revocations that it says. It loads no plugin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mcpg.cli.plugin_site import open_site
from mcpg.gateway.revocation_site import open_standing

if TYPE_CHECKING:
    from mcpg.cli.plugin_options import Chosen
    from mcpg.cli.plugin_site import Site

__all__ = ["open_here"]


def open_here(chosen: Chosen) -> Site:
    """Return the site; `ConfigError` for what cannot be read, `PluginRefused` for a list. It blocks."""
    site = open_site(chosen)
    return replace(site, revocations=open_standing(site.loaded, site.now)) if site.loaded else site
