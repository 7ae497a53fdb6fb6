"""{{name}}: cuts long texts out of results."""

from mcpg_sdk import Answer, Call, Caller, Outcome, Problem, changed, transform, unchanged


@transform
class Shortener:
    """Made once from the configuration, which follows the schema in manifest.json; asked for each call."""

    def __init__(self, config: dict) -> None:
        most = config.get("max_chars")
        if type(most) is not int or most < 1:
            raise Problem("bad-config", "`max_chars` must be a whole number above 0")
        self.most = most

    def before(self, caller: Caller, call: Call) -> Answer:
        """Rewrite the arguments."""
        return unchanged()

    def after(self, caller: Caller, call: Call, outcome: Outcome) -> Answer:
        """Rewrite the result. It holds only what manifest.json lists under `reads`."""
        result = outcome.get("result") or {}
        content = [self.cut(part) for part in result.get("content", [])]
        if content == result.get("content", []):
            return unchanged()
        return changed({**result, "content": content})

    def cut(self, part: dict) -> dict:
        """Return a part of the content with its text cut, if it has a long one."""
        match part:
            case {"type": "text", "text": str(text)} if len(text) > self.most:
                return {**part, "text": text[: self.most] + " [cut]"}
        return part
