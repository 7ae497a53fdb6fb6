"""What happens to a call, stage by stage, as the file says it. It asks no plugin; that is `mcpg explain`'s business."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcpg.config.root import Config
    from mcpg.config.tools import Tool
    from mcpg.config.upstreams import Upstream

__all__ = ["Step", "Way", "explain"]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a call: its name, the uses asked in order, and what to know about it."""

    stage: str
    uses: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """The way of one tool, or of everything that one upstream offers (`kind` `upstream`)."""

    name: str
    kind: str
    steps: tuple[Step, ...]
    streamed: bool
    """Whether messages of the backend reach the client one by one, or are held for the stages after it."""
    because: str

    def document(self) -> dict[str, Any]:
        """Return the way as plain values for `--json`."""
        return asdict(self)


def explain(config: Config) -> tuple[Way, ...]:
    """Return the way of every configured tool, then of every upstream, in the file's order."""
    tools = tuple(_tool(config, name, tool) for name, tool in config.tools.items())
    return tools + tuple(_upstream(config, name, upstream) for name, upstream in config.upstreams.items())


def _tool(config: Config, name: str, tool: Tool) -> Way:
    timeout = tool.timeout or config.server.limits.call_timeout
    keeps = f", results kept {tool.cache.ttl:g} s" if tool.cache else ""
    backend = Step("backend", (tool.backend,), f"at most {timeout:g} s{keeps}")
    transforms = (*config.transforms, *tool.transforms)
    return _way(config, name, "tool", transforms, backend, has_output_schema=tool.output_schema is not None)


def _upstream(config: Config, name: str, upstream: Upstream) -> Way:
    how = "child process" if upstream.stdio else "HTTP"
    backend = Step("backend", (), f"MCP server `{name}` ({how}), at most {upstream.timeout:g} s a request")
    return _way(config, name, "upstream", config.transforms, backend, has_output_schema=False)


def _way(
    config: Config, name: str, kind: str, transforms: tuple[str, ...], backend: Step, *, has_output_schema: bool
) -> Way:
    skips = [use for use in transforms if use in config.plugins and config.plugins[use].on_failure == "skip"]
    shadows = [use for use in config.policy.engines if use in config.plugins and config.plugins[use].shadow]
    combine = config.policy.combine + (f"; recorded, not obeyed: {', '.join(shadows)}" if shadows else "")
    steps = (
        Step("identity", config.identity.chain, "the first that knows decides; nobody knows: refused"),
        Step("catalog", config.catalog, "what the policy could never permit this caller does not exist"),
        Step("arguments", (), "the tool's JSON Schema"),
        Step("transforms in", transforms, f"skipped if they fail: {', '.join(skips)}" if skips else ""),
        Step("policy", config.policy.engines, combine if config.policy.engines else "no engine: denied"),
        Step("limits", config.limits.chain, f"store down: {config.limits.on_store_failure}"),
        Step("ledger", (), "the intent, or no call"),
        backend,
        Step("obligations", (), "of the policy's permits, such as redaction"),
        Step("transforms out", tuple(reversed(transforms))),
        *([Step("result", (), "the tool's output schema")] if has_output_schema else []),
        Step("ledger", config.sinks, "the outcome, copied to the sinks" if config.sinks else "the outcome"),
    )
    reasons = [f"transform `{use}`" for use in transforms] + (["the output schema"] if has_output_schema else [])
    because = f"held for {', '.join(reasons)}" if reasons else "unless a permit obliges to redact"
    return Way(name, kind, steps, not reasons, because)
