"""One call under way: what it is, and what has been decided for it so far. It decides nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcpg.contract.ports import McpCall
    from mcpg.pipeline.limits import Held
    from mcpg.pipeline.policy import Judgement
    from mcpg.pipeline.routes import Route
    from mcpg.pipeline.stages import Plan, Stage
    from mcpg.pipeline.work import Work

__all__ = ["Flight"]


@dataclass(slots=True)
class Flight:
    """One call under way: what it is, under which plan, and what has been decided and reserved for it."""

    plan: Plan
    route: Route
    call: McpCall
    work: Work
    arguments: dict[str, Any]
    text: str = ""
    """The JSON text of the final arguments, once there is an intent."""
    judgement: Judgement | None = None
    held: Held | None = None
    recorded: int = 0
    """How much of the trace stands in records already."""
    asked: bool = False
    """Whether the result depends on what the client was asked."""
    failed: bool = False
    """Whether what is told is our own error, and nothing that a plugin has said."""

    @property
    def transforms(self) -> tuple[Stage, ...]:
        """The transforms of this call: those for all, then the tool's own."""
        if not self.plan.transforms:
            return self.route.transforms
        return (*self.plan.transforms, *self.route.transforms)

    @property
    def redacts(self) -> bool:
        """Whether policy demands that something be taken out of the result, by place."""
        return self.judgement is not None and any(duty.kind == "redact" for duty in self.judgement.obligations)

    def action(self) -> dict[str, Any]:
        """Return the action document with the arguments as they are now."""
        action = self.route.action(session=self.call.session, era=self.call.version)
        action["method"], action["arguments"] = self.call.method, self.arguments
        if self.route.kind == "template":
            action["name"] = self.route.named(self.work.name)
        return action

    def document(self) -> dict[str, Any]:
        """Return the call document with the arguments as they are now."""
        route = self.route
        return {
            "method": self.call.method,
            "name": route.name,
            "target": route.target_of(self.work.name),
            "arguments": self.arguments,
            "binding": route.binding,
        }
