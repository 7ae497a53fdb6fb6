"""Permits from Monday to Friday, 8 to 18 o'clock UTC. The time is that of the run, so a run can be repeated."""

from datetime import datetime, timezone

from mcpg_sdk import Action, Answer, Caller, Problem, deny, permit, policy


@policy
class OfficeHours:
    """No config. The manifest lists `/run/now` under `reads`."""

    def decide(self, caller: Caller, action: Action) -> Answer:
        """Judge one action by when it is asked for."""
        run = action.get("run")
        if run is None:
            raise Problem("no-time", "the manifest has to list `/run/now` under `reads`")
        now = datetime.fromtimestamp(run["now"] / 1000, timezone.utc)
        if now.weekday() < 5 and 8 <= now.hour < 18:
            return permit()
        return deny("closed", "this works from Monday to Friday, 8 to 18 o'clock UTC")
