"""Credentials for backends, issued by credential plugins for a run's own caller. They never reach another plugin.

`cred://issuer/target` in an effect's secret field is resolved here, for the driver that performs the effect. An issuer
that fails or denies leaves the effect undone.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from mcpg.contract.documents import Credential
from mcpg.contract.problems import BadDocument, EffectDenied, RunFailed
from mcpg.pipeline.runs import Question
from mcpg.pipeline.work import Known, Work, unheard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mcpg.contract.documents import Caller
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage

__all__ = ["Vault"]

MARGIN_MS = 5_000
SECONDS = 10.0


class Vault:
    """Keeps issued credentials in memory until shortly before they expire, one per caller and target; bounded.

    `resolve(use, reference)` returns a secret that the operator gave to that use; it raises for any other.
    """

    def __init__(
        self,
        runner: Runner,
        issuers: Callable[[], Mapping[str, Stage]],
        *,
        resolve: Callable[[str, str], Awaitable[str]],
        digest: Callable[[str, str], str],
        most: int = 10_000,
    ) -> None:
        self._runner = runner
        self._issuers = issuers
        self._resolve = resolve
        self._digest = digest
        self._most = most
        self._issued: OrderedDict[tuple[str, ...], Credential] = OrderedDict()
        self._forgotten = 0

    async def issue(self, issuer: str, target: str, caller: Caller) -> Credential:
        """Return the credential of `cred://issuer/target` for this caller; raises `EffectDenied` or `RunFailed`."""
        stage = self._issuers().get(issuer)
        if stage is None:
            raise EffectDenied(f"`{issuer}` names no credential issuer of this gateway")
        known = Known(caller)
        guest = stage.guest
        key = (*caller.identity, known.text(stage.reads), issuer, target, guest.digest, guest.config_digest)
        found = self._issued.get(key)
        if found is not None and (found.expires == 0 or found.expires > time.time() * 1000 + MARGIN_MS):
            return found
        forgotten = self._forgotten
        issued = await self._ask(stage, target, known)
        if forgotten != self._forgotten:  # its issuer may be revoked by now
            return await self.issue(issuer, target, caller)
        self._issued[key] = issued
        while len(self._issued) > self._most:
            self._issued.popitem(last=False)
        return issued

    async def _ask(self, stage: Stage, target: str, known: Known) -> Credential:
        tenant = known.caller.tenant
        work = Work(
            known=known,
            method="credential",
            name=target,
            deadline=asyncio.get_running_loop().time() + SECONDS,
            notify=unheard,
            digest=lambda text: self._digest(tenant, text),
        )
        documents = (work.known.text(stage.reads), target)
        answer = await self._runner.run(Question(stage, "credential", "issue-for", documents, work))
        if answer.tag == "deny":
            raise EffectDenied(f"`{stage.use}` gives this caller no credential for `{target}`: {answer.value.message}")
        if answer.tag != "issued":
            raise RunFailed(f"`{stage.use}` issued no credential for `{target}`", code=answer.value.code)
        try:
            issued = msgspec.json.decode(answer.value, type=Credential)
        except msgspec.DecodeError as error:
            raise BadDocument(f"the credential of `{stage.use}` is outside its schema") from error
        if issued.value.startswith("secret://"):
            return msgspec.structs.replace(issued, value=await self._resolve(stage.use, issued.value))
        return issued

    def forget(self) -> None:
        """Drop every issued credential, those under way too, after a reload or a revocation."""
        self._forgotten += 1
        self._issued.clear()
