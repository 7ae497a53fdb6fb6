"""policy-rules: decides by a function that the operator wrote. What goes wrong in it is a failure, never a permit.

1 the rules are compiled and run once, when the plugin is configured; 2 each action is handed to `decide`; 3 what it
answers becomes a verdict, or the run fails; 4 lists are judged by `see`, or by `decide` without looking at arguments.
"""

from __future__ import annotations

import math
from typing import Any

from glimpse import Glimpse
from models import read_model
from mcpg_sdk import Action, Answer, Caller, Problem, abstain, deny, obligation, permit, policy
from scripts import Script

DENIED = "the rules deny this"
WANTED = (
    '`"permit"`, `"deny"`, None, `{"deny": {"code": ..., "message": ...}}`, `{"permit": {...}}` or a number from 0 to 1'
)


@policy
class Rules:
    """The operator's function, and how what it answers is understood."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.threshold = float(config.get("threshold", 0.5))
        model = read_model(config["model"]["text"]) if "model" in config else None
        self.script = Script(config["rules"], {"model": model})
        if not self.script.has("decide"):
            raise Problem("bad-config", "the rules have no function `decide(caller, action)`")

    def decide(self, caller: Caller, action: Action) -> Answer:
        """Judge one action by `decide`."""
        return self._verdict("decide", self.script.call("decide", caller, action))

    def see(self, caller: Caller, actions: list[Action]) -> list[Answer]:
        """Judge a list by `see`; without one, by `decide`, where whatever depends on arguments counts as permitted."""
        return [self._seen(caller, action) for action in actions]

    def _seen(self, caller: Caller, action: Action) -> Answer:
        if self.script.has("see"):
            return self._verdict("see", self.script.call("see", caller, action))
        glimpse = Glimpse()
        try:
            answer = self.script.call("decide", caller, {**action, "arguments": glimpse})
        except Problem:
            if not glimpse.looked:
                raise
        # Some arguments may be permitted: which ones, only a call tells.
        return permit() if glimpse.looked else self._verdict("decide", answer)

    def _verdict(self, function: str, answer: Any) -> Answer:
        match answer:
            case None:
                return abstain()
            case "permit":
                return permit()
            case "deny":
                return deny("denied-by-rules", DENIED)
            case {"deny": {"code": str(code), "message": str(message)}} if len(answer) == 1 and code:
                return deny(code, message)
            case {"permit": dict(kinds)} if len(answer) == 1:
                return permit(*(obligation(str(kind), detail) for kind, detail in kinds.items()))
            case float() | int() if not isinstance(answer, bool) and math.isfinite(answer) and 0 <= answer <= 1:
                return self._risk(float(answer))
        place = self.script.place(function)
        raise Problem("rules-failed", f"`{function}` answered {repr(answer)[:80]}, wanted {WANTED} ({place})")

    def _risk(self, risk: float) -> Answer:
        if risk > self.threshold:
            return deny("too-risky", f"the risk is {risk:.3f}, at most {self.threshold:g} is permitted")
        return permit()
