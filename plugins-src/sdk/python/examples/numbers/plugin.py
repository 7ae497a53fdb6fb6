"""Takes long numbers, such as those of cards and accounts, out of the texts among the arguments."""

import re

from mcpg_sdk import Answer, Call, Caller, changed, transform, unchanged

LONG = re.compile(r"\b\d(?:[ -]?\d){9,}\b")


@transform
class Numbers:
    """No config. The manifest lists `/call/arguments` under `reads`."""

    def before(self, caller: Caller, call: Call) -> Answer:
        """Rewrite the arguments, at any depth."""
        kept = self.without(call["arguments"])
        return unchanged() if kept == call["arguments"] else changed(kept)

    def without(self, value):
        """Return the value without long numbers in its texts."""
        if isinstance(value, str):
            return LONG.sub("[number]", value)
        if isinstance(value, list):
            return [self.without(each) for each in value]
        if isinstance(value, dict):
            return {key: self.without(each) for key, each in value.items()}
        return value
