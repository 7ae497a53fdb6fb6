"""Whose credential goes where: through whole gateways with servers of each revision, a child, and OAuth."""

from __future__ import annotations

import json
import logging
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from tests.peers.gateway import KEY, http_upstream, start_gateway, stdio_upstream
from tests.peers.record import PeerError
from tests.peers.revisions import ALL
from tests.peers.server import start_server
from tests.upstreams.oauth_site import CLIENT, SECRET, Site

from mcpg.ledger import tail

TELLING = {
    "cookie": "c=of-ana",
    "x-forwarded-access-token": "of-ana",
    "proxy-authorization": "Basic of-ana",
    "x-custom": "of-ana",
}
STATIC = "static-of-the-operator"


@pytest_asyncio.fixture
async def site():
    made = Site()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("client", ["2024-11-05", "2025-11-25", "2026-07-28"])
async def test_what_a_client_sends_to_prove_itself_goes_no_further(tmp_path, compiled, caplog, client):
    caplog.set_level(logging.DEBUG)
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(start_server(each, f"v{each}")) for each in ALL]
        upstreams = {server.name: http_upstream(server, prefix=server.name) for server in servers}
        upstreams["v2025-11-25"]["http"]["headers"] = {"authorization": f"Bearer {STATIC}"}
        upstreams["child"] = stdio_upstream("2025-11-25", "child", prefix="child")
        door = await stack.enter_async_context(start_gateway(tmp_path, upstreams, compiled=compiled))
        peer = await stack.enter_async_context(door.connect(client))
        peer.headers = peer.headers | TELLING
        for name in upstreams:
            assert await peer.text(f"{name}.echo", {"text": "hi"}) == "hi"
            await peer.call(f"{name}.fail")
            await peer.call(f"{name}.roots")
            await peer.request("resources/read", {"uri": f"peer://{name}/note"})
        for server in servers:
            seen = json.dumps([[each.params, each.headers] for each in server.seen])
            assert server.requests("tools/call")
            for secret in (KEY, "of-ana"):
                assert secret not in seen
            assert (STATIC in seen) is (server.name == "v2025-11-25")
        assert peer.problems == []
    kept = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    for secret in (KEY, STATIC, "of-ana"):
        assert secret not in caplog.text
        assert secret.encode() not in kept


@pytest.mark.parametrize("client", ["2025-11-25", "2026-07-28"])
async def test_tokens_are_got_for_a_server_that_wants_them(tmp_path, compiled, site, client, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "crm").write_text(SECRET)
    oauth = {"client_id": CLIENT, "client_secret": "secret://file/crm", "issuer": site.issuer, "scopes": ["read"]}
    upstreams = {"crm": {"http": {"url": site.url, "private": True, "oauth": oauth}}}
    async with (
        start_gateway(tmp_path, upstreams, compiled=compiled, secrets={"file_directory": "secrets"}) as door,
        door.connect(client) as peer,
    ):
        assert await peer.text("whoami") == "token-0"
        del site.tokens["token-0"]  # it is refused from now on, and got anew
        assert await peer.text("whoami") == "token-0"
        site.tokens.clear()
        site.token_status = 400
        answer = str(await peer.begin("tools/call", {"name": "whoami", "arguments": {}}).answer())
        assert "authorization server" in answer
        assert SECRET not in answer
        assert KEY not in str(site.seen)
        assert site.forms()[0] == {"grant_type": "client_credentials", "resource": site.url, "scope": "read"}
    records = json.dumps([entry.record for entry in tail(tmp_path / "state" / "ledger.db", tenant="default", limit=99)])
    assert '"tools/call"' in records
    for secret in (SECRET, "token-0"):
        assert secret not in records + caplog.text


async def test_a_server_without_a_token_harms_no_other(tmp_path, compiled, site):
    site.token_status = 500
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "crm").write_text(SECRET)
    oauth = {"client_id": CLIENT, "client_secret": "secret://file/crm", "issuer": site.issuer}
    async with start_server("2025-11-25", "well") as well:
        crm = {"http": {"url": site.url, "private": True, "oauth": oauth}}
        upstreams = {"well": http_upstream(well, prefix="well"), "crm": crm}
        sections = {"secrets": {"file_directory": "secrets"}, "absent": ["crm"]}
        async with (
            start_gateway(tmp_path, upstreams, compiled=compiled, **sections) as door,
            door.connect("2026-07-28") as peer,
        ):
            assert await peer.text("well.echo", {"text": "hi"}) == "hi"
            with pytest.raises(PeerError, match="unknown tool"):
                await peer.call("whoami")
