"""{{name}}: permits what only reads, and what the operator allows by name."""

from mcpg_sdk import Action, Answer, Caller, deny, permit, policy


@policy
class Rules:
    """Made once from the configuration, which follows the schema in manifest.json; asked for each action."""

    def __init__(self, config: dict) -> None:
        self.allowed = set(config.get("allow", []))

    def decide(self, caller: Caller, action: Action) -> Answer:
        """Judge one action. It holds only what manifest.json lists under `reads`."""
        name = action["name"]
        if name in self.allowed or action["annotations"].get("readOnlyHint") is True:
            return permit()
        return deny("not-read-only", f"`{name}` may change something")

    def see(self, caller: Caller, actions: list[Action]) -> list[Answer]:
        """Judge lists, before there are arguments: callers are shown only what they may use."""
        return [self.decide(caller, action) for action in actions]
