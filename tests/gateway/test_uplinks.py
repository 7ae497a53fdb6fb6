"""From the keys of an upstream to its spec: transports, limits, sessions, OAuth with its secret or key."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mcpg.contract.problems import ConfigError
from mcpg.gateway.desk import GatewayDesk
from mcpg.gateway.uplinks import upstream_specs
from mcpg.upstreams import HttpSpec, StdioSpec

OAUTH = {"client_id": "me", "issuer": "https://login.example"}


async def spec_of(house, upstream, **sections):
    loaded = house.file(upstreams={"up": upstream}, **sections)
    desk = GatewayDesk(loaded)
    try:
        return (await upstream_specs(loaded, desk.reveal))[0]
    finally:
        await desk.close()


async def test_every_key_of_an_upstream_is_in_its_spec(house):
    spec = await spec_of(
        house,
        {
            "stdio": {"command": ["x"], "limits": {"memory": "512MiB", "cpu": "90s", "files": 100}},
            "sessions": "session",
            "idle": "10s",
            "max_links": 3,
            "ask_timeout": "2m",
            "baggage": True,
            "refresh": "5m",
            "timeout": "7s",
        },
    )
    assert isinstance(spec.transport, StdioSpec)
    assert (spec.transport.memory, spec.transport.cpu, spec.transport.files) == (512 * 2**20, 90, 100)
    assert (spec.sessions, spec.idle, spec.max_links, spec.ask_timeout) == ("session", 10.0, 3, 120.0)
    assert (spec.baggage, spec.refresh, spec.call_timeout) == (True, 300.0, 7.0)


async def test_what_is_not_said_is_safe(house):
    spec = await spec_of(house, {"http": {"url": "https://x.example/mcp"}})
    assert isinstance(spec.transport, HttpSpec)
    assert (spec.transport.kind, spec.transport.private, spec.transport.oauth) == ("auto", False, None)
    assert (spec.sessions, spec.baggage, spec.refresh) == ("caller", False, 0.0)


async def test_a_client_secret_is_revealed_and_shown_nowhere(house):
    (house.folder / "secrets").mkdir()
    (house.folder / "secrets" / "crm").write_text("hunter2")
    oauth = {**OAUTH, "client_secret": "secret://file/crm", "method": "client_secret_post", "scopes": ["a", "b"]}
    upstream = {"http": {"url": "https://x.example/mcp", "transport": "sse", "oauth": oauth}}
    spec = await spec_of(house, upstream, secrets={"file_directory": "secrets"})
    assert spec.transport.kind == "sse"
    assert spec.transport.oauth.secret == "hunter2"
    assert (spec.transport.oauth.method, spec.transport.oauth.scopes) == ("post", ("a", "b"))
    assert "hunter2" not in repr(spec)


def pem(key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


async def test_another_key_in_the_same_file_is_another_spec(house):
    upstream = {"http": {"url": "https://x.example/mcp", "oauth": {"client_id": "me", "private_key": "k.pem"}}}
    specs = []
    for key in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
        (house.folder / "k.pem").write_bytes(pem(key))
        specs.append(await spec_of(house, upstream))
        assert specs[-1] == await spec_of(house, upstream)
    assert [spec.transport.oauth.key.algorithm for spec in specs] == ["ES256", "EdDSA"]
    assert specs[0] != specs[1]


@pytest.mark.parametrize(
    ("content", "algorithm", "said"),
    [
        (None, None, "cannot be read"),
        (b"nonsense", None, "not a private key in PEM"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "RS256", "a key for EdDSA, not for RS256"),
    ],
)
async def test_a_key_that_cannot_be_used_is_said_where_it_is_named(house, content, algorithm, said):
    if content is not None:
        (house.folder / "k.pem").write_bytes(content)
    oauth = {"client_id": "me", "private_key": "k.pem"} | ({"algorithm": algorithm} if algorithm else {})
    with pytest.raises(ConfigError, match=said) as refused:
        await spec_of(house, {"http": {"url": "https://x.example/mcp", "oauth": oauth}})
    assert refused.value.where == "upstreams.up.http.oauth.private_key"
