"""`Mcp-Param-*` headers against arguments: before any policy judges; who may not see the tool hears no more."""

import pytest

from mcpg.contract.ports import Refusal
from mcpg.contract.verdicts import Case, Problem
from mcpg.protocol.frames import HEADER_MISMATCH, INVALID_PARAMS
from mcpg.protocol.mirrors import Mirror

MIRRORS = (Mirror(("region",), "mcp-param-region", "string"),)
MODERN = "2026-07-28"


def judged(guest):
    return [function for function, _ in guest.asked if function != "see"]


@pytest.mark.parametrize("headers", [{}, {"mcp-param-region": "us"}, {"mcp-param-region": "=?base64?!!?="}])
async def test_what_does_not_mirror_is_refused_before_anyone_judges_it(bench, kit, headers):
    rules, back = kit.policy(kit.permit), kit.backend()
    bench.plan(kit.route(mirrors=MIRRORS), policy=[rules], backends={"back": back})
    with pytest.raises(Refusal) as refused:
        await bench.call(arguments={"region": "eu"}, version=MODERN, mirrored=headers)
    assert (refused.value.code, refused.value.status) == (HEADER_MISMATCH, 400)
    assert judged(rules) == judged(back) == []


async def test_what_mirrors_is_judged_by_its_body(bench, kit):
    rules = kit.policy(kit.permit)
    bench.plan(kit.route(mirrors=MIRRORS), policy=[rules], backends={"back": kit.backend()})
    done = await bench.call(arguments={"region": "eu"}, version=MODERN, mirrored={"mcp-param-region": "eu"})
    assert "eu" in done["content"][0]["text"]
    assert judged(rules) == ["decide"]
    await bench.call(arguments={"region": "eu"})  # in a session there is nothing to mirror


async def test_a_hidden_tool_is_unknown_whatever_its_headers(bench, kit):
    rules = kit.policy(Case("deny", Problem("policy-denied", "not for you")))
    bench.plan(kit.route(mirrors=MIRRORS), policy=[rules], backends={"back": kit.backend()})
    with pytest.raises(Refusal) as refused:
        await bench.call(arguments={"region": "eu"}, version=MODERN, mirrored={})
    assert (refused.value.code, str(refused.value)) == (INVALID_PARAMS, "unknown tool: echo")
