"""Several endpoints of one gateway: what each shows, whose rules hold where, how they come and go."""

from __future__ import annotations

import pytest
from tests.gateway.conftest import KEYS, names, tool
from tests.gateway.test_gateway import records

from mcpg.contract.documents import Credentials, Peer
from mcpg.contract.ports import McpCall, Refusal
from mcpg.contract.problems import ConfigError, McpgError
from mcpg.gateway.served import Served

SUPPORT = {"tools": {"include": ["e*"]}}


class Nobody:
    async def notify(self, method, params): ...


async def ask(gateway, endpoint, who, method, **params):
    service = gateway.services[endpoint]
    headers = {"authorization": f"Bearer {KEYS.get(who, who)}"}
    caller = await service.identify(
        Credentials(transport="http", peer=Peer(address="127.0.0.1", local=True), headers=headers)
    )
    return await service.respond(caller, McpCall(method, params, "2025-11-25", 1), Nobody())


async def shown(gateway, endpoint, who="ana"):
    return [entry["name"] for entry in (await ask(gateway, endpoint, who, "tools/list"))["tools"]]


@pytest.fixture
async def gateway(house):
    gateway = house.gateway(profiles={"support": SUPPORT})
    await gateway.start()
    yield gateway
    await gateway.stop()


async def test_a_profile_has_its_selection_and_all_else_as_it_is_at_the_top(gateway):
    assert await shown(gateway, "mcp") == ["echo", "private"]
    assert await shown(gateway, "support") == ["echo"]
    assert await shown(gateway, "support", "bot") == ["echo"]
    with pytest.raises(Refusal, match="unknown tool: private"):
        await ask(gateway, "support", "ana", "tools/call", name="private", arguments={})
    assert (await ask(gateway, "mcp", "ana", "tools/call", name="private", arguments={}))["content"]
    with pytest.raises(Refusal) as stranger:
        await ask(gateway, "support", "stranger", "tools/list")
    assert stranger.value.status == 401


async def test_a_profile_may_have_rules_and_callers_of_its_own(house):
    (house.folder / "open").mkdir()
    (house.folder / "open" / "all.cedar").write_text("permit(principal, action, resource);")
    rule = {"per": ["caller"], "burst": 1, "per_second": 0.01}
    plugins = {
        "all": {"from": "builtin:policy-cedar", "config": {"policies": "open/*.cedar"}},
        "anyone": {"from": "builtin:identity-anonymous"},
        "one": {"from": "builtin:limit-rate", "config": {"rules": [rule]}},
    }
    profiles = {
        "open": {"policy": {"engines": ["all"]}, "identity": {"chain": ["keys", "anyone"]}},
        "slow": {"policy": {"engines": ["all"]}, "limits": ["one"]},
        "shut": {"policy": {"engines": []}},
    }
    gateway = house.gateway(plugins=plugins, profiles=profiles)
    await gateway.start()
    try:
        assert await shown(gateway, "open", "bot") == ["echo", "private"]
        assert await shown(gateway, "mcp", "bot") == ["echo"]
        assert await shown(gateway, "shut") == []
        anonymous = {"transport": "http", "peer": Peer(address="127.0.0.1", local=True), "headers": {}}
        assert (await gateway.services["open"].identify(Credentials(**anonymous))).kind == "anonymous"
        with pytest.raises(Refusal):
            await gateway.services["mcp"].identify(Credentials(**anonymous))
        call = {"method": "tools/call", "name": "echo", "arguments": {}}
        await ask(gateway, "slow", "bot", **call)
        with pytest.raises(Refusal, match="limit"):
            await ask(gateway, "slow", "bot", **call)
        await ask(gateway, "mcp", "bot", **call)
    finally:
        await gateway.stop()


async def test_records_say_which_endpoint_was_asked(house, gateway):
    await ask(gateway, "support", "ana", "tools/call", name="echo", arguments={})
    with pytest.raises(Refusal):
        await ask(gateway, "support", "ana", "tools/call", name="private", arguments={})
    kept = [record for record in records(house) if record["kind"] in {"intent", "refusal"}]
    assert [(record["kind"], record["endpoint"]) for record in kept] == [("intent", "support"), ("refusal", "support")]


async def test_a_reload_adds_and_takes_away_endpoints_and_one_that_fails_does_neither(house, gateway):
    service = gateway.services["support"]
    await gateway.reload(house.file(profiles={"support": SUPPORT, "other": {}}))
    assert set(gateway.services) == {"mcp", "support", "other"}
    assert gateway.services["support"] is service
    with pytest.raises(McpgError):
        await gateway.reload(house.file(profiles={"third": {"transforms": ["keys"]}}))
    assert set(gateway.services) == {"mcp", "support", "other"}
    await gateway.reload(house.file())
    assert set(gateway.services) == {"mcp"}
    with pytest.raises(Refusal):
        await service.respond(
            await gateway.service.identify(
                Credentials(
                    transport="http",
                    peer=Peer(address="127.0.0.1", local=True),
                    headers={"authorization": f"Bearer {KEYS['ana']}"},
                )
            ),
            McpCall("tools/list", {}, "2025-11-25", 1),
            Nobody(),
        )
    assert await names(gateway, "ana") == ["echo", "private"]


async def test_a_plugin_that_only_a_profile_names_is_loaded_once_and_checked_by_kind(house):
    plugins = {"more": {"from": "builtin:identity-anonymous"}}
    gateway = house.gateway(plugins=plugins, profiles={"a": {"policy": {"engines": ["more"]}}})
    with pytest.raises(McpgError) as refused:
        await gateway.start()
    assert "wanted a policy plugin" in refused.value.diagnostics()
    gateway = house.gateway(profiles={"a": {"policy": {"engines": ["rules"]}}, "b": {"identity": {"chain": ["keys"]}}})
    await gateway.start()
    try:
        plans = [gateway.plan(name) for name in ("mcp", "a", "b")]
        assert len({id(plan.policy[0]) for plan in plans}) == 1
        assert len({id(plan.identity[0]) for plan in plans}) == 1
    finally:
        await gateway.stop()


@pytest.mark.parametrize("name", ["mcp", "servers", "Admin", "health", "a b", ".well-known"])
def test_names_that_paths_of_ours_have_are_no_profiles(house, name):
    with pytest.raises(McpgError) as refused:
        house.file(profiles={name: {}})
    assert name in refused.value.diagnostics()


def test_what_keeps_endpoints_apart_is_checked(house):
    for wrong, word in (
        ({"profiles": {"a": {"upstreams": ["nobody"]}}}, "there is no upstream `nobody`"),
        ({"profiles": {"ops": {}}, "server": {"path": "/ops/mcp"}}, "is the path of another endpoint"),
        ({"profiles": {"Ops": {}, "ops": {}}}, "differ in case only"),
        ({"profiles": {"ops": {"limits": ["nothing"]}}}, "there is no plugin use `nothing`"),
        (
            {"upstreams": {"x": {"stdio": {"command": ["x"]}, "tools": {"y": {"name": "echo"}}}}},
            "has the name `echo` too",
        ),
    ):
        with pytest.raises(McpgError) as refused:
            house.file(**wrong)
        assert word in refused.value.diagnostics()


async def test_cursors_are_of_one_endpoint(house):
    gateway = house.gateway(profiles={"all": {}}, tools={f"t{number:03}": tool() for number in range(300)})
    await gateway.start()
    try:
        cursor = (await ask(gateway, "mcp", "ana", "tools/list"))["nextCursor"]
        assert (await ask(gateway, "mcp", "ana", "tools/list", cursor=cursor))["tools"]
        with pytest.raises(Refusal, match="cursor"):
            await ask(gateway, "all", "ana", "tools/list", cursor=cursor)
        with pytest.raises(Refusal, match="cursor"):
            await ask(gateway, "mcp", "bot", "tools/list", cursor=cursor)
    finally:
        await gateway.stop()


async def test_a_fingerprint_changes_with_what_its_caller_sees_and_with_nothing_else(house, gateway):
    async def prints(who):
        service = gateway.service
        headers = {"authorization": f"Bearer {KEYS[who]}"}
        caller = await service.identify(
            Credentials(transport="http", peer=Peer(address="127.0.0.1", local=True), headers=headers)
        )
        return await service.fingerprint(caller, "tools", version="2025-11-25", session="")

    ana, bot = await prints("ana"), await prints("bot")
    assert ana != bot
    assert ana == await prints("ana")
    await gateway.reload(house.file(tools={"third": tool()}))
    assert (await prints("ana")) != ana
    assert (await prints("bot")) == bot


async def test_what_an_endpoint_is_called_and_tells_is_in_the_file(house, caplog):
    icons = [{"src": "https://x.example/i.png", "mime_type": "image/png", "sizes": ["48x48"]}]
    gateway = house.gateway(
        server={
            "info": {"name": "acme", "website": "https://acme.example", "icons": icons},
            "instructions": "Be kind.",
        },
        profiles={"support": {"info": {"title": "Support"}, "instructions": "Be quick."}},
    )
    await gateway.start()
    try:
        main, support = (gateway.services[name].describe() for name in ("mcp", "support"))
        assert main["serverInfo"]["name"] == support["serverInfo"]["name"] == "acme"
        assert main["serverInfo"]["icons"] == [
            {"src": "https://x.example/i.png", "mimeType": "image/png", "sizes": ["48x48"]}
        ]
        assert support["serverInfo"]["title"] == "Support"
        assert (main["instructions"], support["instructions"]) == ("Be kind.", "Be quick.")
        assert main["capabilities"] == {"tools": {"listChanged": True}}
        caplog.clear()
        await gateway.reload(house.file(server={"info": {"name": "other"}}, profiles={"support": {}}))
        assert gateway.service.describe()["serverInfo"]["name"] == "other"
        assert "next start" not in caplog.text
    finally:
        await gateway.stop()


async def test_how_long_lists_may_be_kept_is_in_the_file(house):
    gateway = house.gateway(server={"list_ttl": "30s"}, profiles={"fast": {"list_ttl": "500ms"}})
    await gateway.start()
    try:
        for endpoint, ttl in (("mcp", 30_000), ("fast", 500)):
            listed = await ask(gateway, endpoint, "ana", "tools/list")
            assert (listed["ttlMs"], listed["cacheScope"]) == (ttl, "private")
            assert gateway.services[endpoint].describe()["ttlMs"] == ttl
    finally:
        await gateway.stop()


async def test_paths_follow_the_file(house):
    served = Served(house.file(profiles={"support": SUPPORT}), loopback=True, progress=lambda _: None)
    async with served.lifespan() as main:
        assert served.resolve("/mcp") is main
        support = served.resolve("/support/mcp")
        assert support is not None
        assert served.resolve("/other/mcp") is None
        await served.gateway.reload(house.file(profiles={"support": SUPPORT, "other": {}}))
        assert served.resolve("/support/mcp") is support
        assert served.resolve("/other/mcp") is not None
        await served.gateway.reload(house.file())
        assert served.resolve("/support/mcp") is None


async def test_an_endpoint_over_stdio_is_one_of_the_file(house):
    from mcpg.gateway import serve  # noqa: PLC0415 - its private half

    loaded = house.file(server={"stdio": {"caller": {"id": "ana"}}}, profiles={"support": SUPPORT})
    with pytest.raises(ConfigError) as refused:
        await serve._serve_stdio(loaded, None, "nobody")
    assert "`support`" in refused.value.remedy
