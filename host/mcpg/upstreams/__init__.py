"""The MCP client side: calls to MCP servers behind us, over stdio and both kinds of HTTP, in both eras.

It holds no catalog, no grant and no policy, and uses no MCP SDK.
"""

from mcpg.upstreams.specs import HttpSpec, OAuthSpec, StdioSpec, UpstreamSpec
from mcpg.upstreams.supervisor import UpstreamState
from mcpg.upstreams.upstreams import Upstreams

__all__ = [
    "HttpSpec",
    "OAuthSpec",
    "StdioSpec",
    "UpstreamSpec",
    "UpstreamState",
    "Upstreams",
]
