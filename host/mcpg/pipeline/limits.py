"""Stage 7 and its settling: plugins say what a call costs, the host charges it, all or none. It keeps no counts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import BadDocument, McpgError, PluginRefused, RunFailed
from mcpg.pipeline.refusals import denied, limited, unavailable
from mcpg.pipeline.runs import Question
from mcpg.storage import Charge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcpg.contract.verdicts import Case
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work
    from mcpg.storage import Accounts, Reservation

__all__ = ["Held", "LimitChain"]


class Held:
    """What one call has reserved, by stage; it is settled once."""

    __slots__ = ("action", "reservations")

    def __init__(self, action: Mapping[str, Any]) -> None:
        self.action = action
        self.reservations: list[tuple[Stage, Reservation]] = []


class LimitChain:
    """Asks each limit what a call costs, reserves it and settles it after the call."""

    def __init__(self, runner: Runner, accounts: Accounts) -> None:
        self._runner = runner
        self._accounts = accounts

    async def reserve(self, chain: Sequence[Stage], action: dict[str, Any], work: Work, *, fail_open: bool) -> Held:
        """Reserve the charges of every limit; raises `Refusal` and gives back what was reserved before."""
        held = Held(action)
        tenant = work.known.caller.tenant
        try:
            for stage in chain:
                charges = await self._plan(stage, action, work)
                if not charges:
                    continue
                await self._take(held, stage, (tenant, stage.use), charges, work, fail_open=fail_open)
        except BaseException:
            await self.give_back(held)
            raise
        return held

    async def _take(
        self, held: Held, stage: Stage, scope: tuple[str, str], charges: list[Charge], work: Work, *, fail_open: bool
    ) -> None:
        try:
            reservation = await self._accounts.reserve(scope, charges)
        except ValueError as error:
            raise unavailable(f"limit `{stage.use}` charges what cannot be charged: {error}", work.call_id) from error
        except McpgError as error:
            if fail_open:
                work.trace[-1]["store"] = "down, allowed"
                return
            raise unavailable("limits cannot be counted", work.call_id) from error
        if not reservation.granted:
            account = "/".join(reservation.account)
            work.trace[-1].update(verdict="exceeded", code="limit-exceeded", message=f"account {account} is empty")
            raise limited(f"{stage.use} ({account})", reservation.retry_after, work.call_id)
        held.reservations.append((stage, reservation))

    async def _plan(self, stage: Stage, action: dict[str, Any], work: Work) -> list[Charge]:
        documents = (work.known.text(stage.reads), stage.reads.text("action", action, work.request_facts))
        try:
            plan = await self._runner.run(Question(stage, "limit", "reserve", documents, work))
            if plan.tag == "charge":
                return _charges(plan)
        except BadDocument as error:
            work.fault(error)
            raise unavailable(f"limit `{stage.use}` failed: {error.code}", work.call_id) from error
        except (RunFailed, PluginRefused) as error:
            raise unavailable(f"limit `{stage.use}` failed: {error.code}", work.call_id) from error
        if plan.tag == "deny":
            raise denied(plan.value.message, work.call_id, code=plan.value.code)
        raise unavailable(f"limit `{stage.use}` failed: {plan.value.code}", work.call_id)

    async def settle(self, held: Held, outcome: Mapping[str, Any], work: Work) -> None:
        """Tell each limit how the call ended and charge the difference; a limit that fails keeps its reservation."""
        for stage, reservation in held.reservations:
            documents = (
                work.known.text(stage.reads),
                stage.reads.text("action", held.action),
                stage.reads.text("outcome", outcome),
            )
            try:
                answer = await self._runner.run(Question(stage, "settle", "settle", documents, work))
                if answer.tag == "ok":
                    await self._accounts.settle(reservation, [Charge(*item) for item in answer.value])
            except (McpgError, ValueError):  # what it says cannot be charged: what was reserved stays charged
                work.trace[-1]["settled"] = False
        held.reservations.clear()

    async def give_back(self, held: Held) -> None:
        """Return what was reserved for a call that was not made after all."""
        for _, reservation in held.reservations:
            with contextlib.suppress(McpgError):  # a store that is down gives back when the reservation expires
                await self._accounts.settle(reservation, [])
        held.reservations.clear()


def _charges(plan: Case) -> list[Charge]:
    charges = [Charge(*item) for item in plan.value]
    if any(not charge.account or charge.capacity <= 0 for charge in charges):
        raise BadDocument("a charge names no account or an account of no size")
    return charges
