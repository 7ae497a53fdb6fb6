"""A ledger that cannot be written refuses every call, and is written again once there is room, without a restart."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest
from tests.system.kit import document

if TYPE_CHECKING:
    from tests.system.kit import Gateway

pytestmark = pytest.mark.real

UNAVAILABLE = "(code -31005)"
NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def test_no_record_no_call(gateway: Gateway) -> None:
    gateway.write(document())
    gateway.start()
    assert gateway.process is not None
    assert gateway.call("echo", q="before")["structuredContent"]["name"] == "echo"
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    for key, name in (("ana", "echo"), ("ana", "private"), ("bot", "private")):
        message = gateway.call(name, key=key)["error"]["message"]
        assert message == f"the ledger cannot be written, so nothing is done {UNAVAILABLE}"
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
    gateway.until(lambda: "structuredContent" in gateway.call("echo", q="after"))
    assert gateway.verified()["ok"] is True
    assert gateway.stop() == 0
    intents = [record["call"] for record in gateway.records() if record["kind"] == "intent"]
    outcomes = {record["call"]: record["status"] for record in gateway.records() if record["kind"] == "outcome"}
    assert [outcomes[call] for call in intents] == ["ok", "ok"]
    assert gateway.verified()["ok"] is True
