"""Stage 3: the identity chain, from credentials to one caller. It reads no header that a manifest does not name.

In the operator's order the first `caller` or `reject` ends it. A failure ends it too: a credential that could not be
judged never becomes anonymous.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from mcpg.contract.documents import Caller, How
from mcpg.contract.problems import BadDocument, PluginRefused, RunFailed
from mcpg.pipeline.refusals import unauthenticated, unavailable
from mcpg.pipeline.runs import Question
from mcpg.pipeline.work import Known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcpg.contract.documents import Credentials
    from mcpg.contract.verdicts import Case
    from mcpg.pipeline.runs import Runner
    from mcpg.pipeline.stages import Stage
    from mcpg.pipeline.work import Work

__all__ = ["NOBODY", "IdentityChain"]

NOBODY = Known(Caller(id="", kind="anonymous", how=How(credential="none"), trust="anonymous"))
"""Who is asking before anybody is established; no stage after identity ever sees it."""

MOST_NAME = 1024
_decode = msgspec.json.Decoder(Caller).decode


class IdentityChain:
    """Runs the identity uses and keeps the most recent callers, each decoded and serialised once."""

    def __init__(self, runner: Runner, most: int = 4096) -> None:
        self._runner = runner
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._most = most

    async def identify(self, chain: Sequence[Stage], credentials: Credentials, work: Work) -> Known:
        """Return the established caller; raises `Refusal` (401 bad or none, 503 could not tell)."""
        document = msgspec.to_builtins(credentials)
        for stage in chain:
            text = stage.reads.text("credentials", document, work.request_facts)
            try:
                finding = await self._runner.run(Question(stage, "identity", "identify", (text,), work))
                found = self._judge(stage, finding)
            except (RunFailed, PluginRefused) as error:
                raise unavailable(
                    f"identity could not be established: {error.code}", work.call_id, status=503
                ) from error
            if found is not None:
                return found
        raise unauthenticated("no credential that this gateway accepts")

    def _judge(self, stage: Stage, finding: Case) -> Known | None:
        if finding.tag == "caller":
            return self._book(stage.use, finding.value)
        if finding.tag == "abstain":
            return None
        if finding.tag == "reject":
            raise unauthenticated(f"bad credential: {finding.value.message}")
        raise RunFailed(finding.value.message, code=finding.value.code)

    def _book(self, use: str, text: str) -> Known:
        key = (use, text)
        known = self._known.get(key)
        if known is None:
            try:
                caller = _decode(text)
            except msgspec.DecodeError as error:
                raise BadDocument(f"the caller of `{use}` is outside its schema: {error}") from error
            if not caller.id:
                raise BadDocument(f"the caller of `{use}` has no id")
            if not all(map(_is_plain, (caller.id, caller.tenant, caller.issuer))):
                raise BadDocument(f"the caller of `{use}` has an id, tenant or issuer that is no plain text")
            how = How(credential=caller.how.credential, plugin=use)
            known = self._known[key] = Known(msgspec.structs.replace(caller, how=how))
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return known


def _is_plain(text: str) -> bool:
    """Whether text may stand in keys, records and names of chains: printable, bounded, and not the ledger's own."""
    return text.isprintable() and len(text) <= MOST_NAME and not text.startswith("@")
