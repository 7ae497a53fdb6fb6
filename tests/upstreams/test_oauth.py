from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.upstreams.oauth_site import CLIENT, SECRET, Site, answer, document

from mcpg.contract.problems import UpstreamFailed
from mcpg.sealing import AssertionKey
from mcpg.upstreams import HttpSpec, OAuthSpec, UpstreamSpec, oauth_tokens

P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
async def site():
    made = Site()
    await made.start()
    yield made
    await made.stop()


def protected(site: Site, *, failures: int = 1, **oauth) -> UpstreamSpec:
    if "key" not in oauth:
        oauth = {"secret": SECRET, "issuer": site.issuer} | oauth
    transport = HttpSpec(url=site.url, private=True, oauth=OAuthSpec(CLIENT, **oauth))
    return UpstreamSpec(name="safe", transport=transport, mode="modern", listen=False, failures=failures)


def key(private=P256) -> AssertionKey:
    return AssertionKey.from_pem(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture
def started(bench, connector, site):
    async def start(**oauth):
        return await bench(protected(site, **oauth), connector=connector, good=False)

    return start


async def test_a_token_is_got_once_and_put_on_every_request(started, site):
    peers = await started(scopes=("read", "write"))
    assert await asyncio.gather(*(peers.call("safe", "x") for _ in range(20))) == ["token-0"] * 20
    assert len(site.forms()) == 1
    assert site.forms()[0] == {"grant_type": "client_credentials", "resource": site.url, "scope": "read write"}
    assert "authorization" not in {n for _, path, headers, _ in site.seen if "well-known" in path for n in headers}


async def test_the_extension_is_declared(started, site):
    peers = await started()
    await peers.call("safe", "x")
    bodies = [json.loads(body) for _, path, headers, body in site.seen if path == "/public/mcp"]
    declared = [body["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] for body in bodies]
    assert all(each["extensions"] == {"io.modelcontextprotocol/oauth-client-credentials": {}} for each in declared)


async def test_post_is_used_where_the_server_takes_only_that(started, site):
    site.methods = ["client_secret_post"]
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"
    assert site.forms()[0]["client_secret"] == SECRET


async def test_basic_is_used_where_the_server_names_no_method(started, site):
    site.methods = None
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"
    assert "client_secret" not in site.forms()[0]


async def test_a_configured_token_url_needs_no_metadata(started, site):
    peers = await started(issuer="", token_url=f"{site.origin}/token", resource="https://name.example/mcp")
    assert await peers.call("safe", "x") == "token-0"
    assert not site.paths("/.well-known")
    assert site.forms()[0]["resource"] == "https://name.example/mcp"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", "/.well-known/oauth-authorization-server"),
        ("", "/.well-known/openid-configuration"),
        ("/tenant", "/.well-known/oauth-authorization-server/tenant"),
        ("/tenant", "/.well-known/openid-configuration/tenant"),
        ("/tenant", "/tenant/.well-known/openid-configuration"),
    ],
)
async def test_each_place_of_the_servers_metadata_is_found(started, site, path, place):
    site.issuer_path = path
    site.places = {place, "/.well-known/oauth-protected-resource/public/mcp"}
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"


@pytest.mark.parametrize("place", ["/public/mcp", "", None, "said"])
async def test_each_place_of_the_resources_metadata_is_found(started, site, place):
    root = "/.well-known/oauth-protected-resource"
    site.places = {"/.well-known/oauth-authorization-server"}
    site.methods = ["private_key_jwt"]
    if place == "said":
        site.places.add(f"{root}/elsewhere")
        site.challenge = f'Basic realm="a, b", Bearer scope="s1 s2", resource_metadata="{site.origin}{root}/elsewhere"'
    elif place is not None:
        site.places.add(root + place)
    peers = await started(key=key())
    if place is None:
        with pytest.raises(UpstreamFailed, match="does not say which authorization server"):
            await peers.call("safe", "x")
        return
    assert await peers.call("safe", "x") == "token-0"
    assert site.forms()[0].get("scope") == ("s1 s2" if place == "said" else None)


async def test_a_server_cannot_send_us_to_places_inside(started, site):
    site.challenge = 'Bearer resource_metadata="http://10.0.0.1/inside"'
    peers = await started(key=key())
    with pytest.raises(UpstreamFailed, match="neither its own nor https"):
        await peers.call("safe", "x")


@pytest.mark.parametrize("private", [P256, RSA, ED], ids=["ES256", "RS256", "EdDSA"])
async def test_an_assertion_proves_who_we_are_to_one_audience(started, site, private):
    site.methods = ["private_key_jwt"]
    peers = await started(key=key(private), key_id="k1")
    assert await peers.call("safe", "x") == "token-0"
    form = site.forms()[0]
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    head, claims, signature = form["client_assertion"].split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    signed = f"{head}.{claims}".encode()
    if private is P256:
        both = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        private.public_key().verify(encode_dss_signature(*both), signed, ec.ECDSA(SHA256()))
    elif private is RSA:
        private.public_key().verify(raw, signed, padding.PKCS1v15(), SHA256())
    else:
        private.public_key().verify(raw, signed)
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    said = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert said == {"alg": key(private).algorithm, "typ": "JWT", "kid": "k1"}
    assert (told["iss"], told["sub"], told["aud"]) == (CLIENT, CLIENT, site.issuer)
    assert 0 < told["exp"] - time.time() <= 60
    assert told["jti"]


async def test_a_secret_is_not_sent_to_a_server_that_only_the_upstream_names(started, site):
    peers = await started(issuer="")
    with pytest.raises(UpstreamFailed, match="client secret is for a configured `issuer` only"):
        await peers.call("safe", "x")
    assert not site.forms()


async def test_an_upstream_that_does_not_trust_the_issuer_gets_no_token(started, site):
    site.servers = ["https://another.example"]
    peers = await started()
    with pytest.raises(UpstreamFailed, match="does not trust the configured issuer"):
        await peers.call("safe", "x")
    assert not site.forms()


async def test_metadata_of_another_issuer_is_refused(started, site):
    site.said_issuer = "https://honest.example"
    peers = await started()
    with pytest.raises(UpstreamFailed, match="another issuer"):
        await peers.call("safe", "x")
    assert not site.forms()


async def test_metadata_of_another_resource_is_refused(started, site):
    site.resource = f"{site.origin}/public/other"
    peers = await started()
    with pytest.raises(UpstreamFailed, match="another resource"):
        await peers.call("safe", "x")


@pytest.mark.parametrize(
    "place", ["http://10.0.0.1/as", "http://as.example", "ftp://as.example", "https://u@as.example"]
)
async def test_an_issuer_without_tls_is_not_asked(started, site, place):
    site.servers = [place]
    peers = await started(key=key())
    with pytest.raises(UpstreamFailed, match="no authorization server with an https URL"):
        await peers.call("safe", "x")


async def test_a_token_endpoint_without_tls_is_not_asked(started, site):
    body = {"issuer": site.issuer, "token_endpoint": "http://10.0.0.1/token"}
    site.raw["/.well-known/oauth-authorization-server"] = document(body)
    peers = await started()
    with pytest.raises(UpstreamFailed, match="no token endpoint with an https URL"):
        await peers.call("safe", "x")


async def test_a_token_is_renewed_before_it_expires(started, site):
    site.life = 0.1
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"
    over = asyncio.get_running_loop().time() + 0.1
    await peers.until(lambda: asyncio.get_running_loop().time() > over)
    assert await peers.call("safe", "x") != "token-0"
    assert all("authorization" in headers for _, path, headers, _ in site.seen if path == "/public/mcp")


async def test_a_token_that_is_refused_is_renewed_once_for_all(started, site):
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"
    site.tokens = {"another": site.tokens.pop("token-0")}
    assert await asyncio.gather(*(peers.call("safe", "x") for _ in range(10))) == ["token-1"] * 10
    assert len(site.forms()) == 2


async def test_a_server_that_refuses_every_token_is_asked_for_one_more_only(started, site):
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"
    site.raw["/public/mcp"] = answer(401, b"", 'www-authenticate: Bearer error="invalid_token"')
    with pytest.raises(UpstreamFailed, match="401"):
        await peers.call("safe", "x")
    assert len(site.forms()) == 2


async def test_scopes_are_stepped_up_once(started, site):
    peers = await started(scopes=("read",), failures=9)
    assert await peers.call("safe", "x") == "token-0"
    site.needs = {"read", "write"}
    assert await peers.call("safe", "x") == "token-1"
    assert site.forms()[1]["scope"] == "read write"
    site.needs = {"read", "write", "admin"}
    site.tokens = {token: {"read", "write"} for token in site.tokens}
    site.raw["/token"] = document({"access_token": "token-1", "token_type": "bearer", "scope": "read"})
    with pytest.raises(UpstreamFailed, match="403"):
        await peers.call("safe", "x")
    with pytest.raises(UpstreamFailed, match="403"):
        await peers.call("safe", "x")
    assert len(site.forms()) == 3


HOSTILE = {
    "redirect": (answer(302, b"", "location: http://127.0.0.1:1/steal"), "no JSON object"),
    "huge": (answer(200, b"x" * 70_000), "more than 65536 bytes"),
    "no json": (answer(200, b"<html>"), "no JSON object"),
    "a list": (document([1]), "no JSON object"),
    "deep": (answer(200, b"[" * 60_000), "no JSON object"),
    "no token": (document({"token_type": "Bearer"}), "no token that can stand in a header"),
    "another type": (document({"access_token": "a", "token_type": "DPoP"}), "no Bearer token"),
    "no type": (document({"access_token": "a"}), "no Bearer token"),
    "header injection": (document({"access_token": "a\r\nx: y", "token_type": "Bearer"}), "can stand in a header"),
    "long token": (document({"access_token": "a" * 20_000, "token_type": "Bearer"}), "can stand in a header"),
    "an error with words": (document({"error": "BAD " + SECRET}, 400), "HTTP status 400"),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_endpoint_gets_us_nothing(started, site, name, caplog):
    site.raw["/token"], said = HOSTILE[name]
    peers = await started()
    with pytest.raises(UpstreamFailed, match=said) as failed:
        await peers.call("safe", "x")
    assert failed.value.code == "upstream-unavailable"
    told = str(failed.value.diagnostics()) + caplog.text + repr(peers.upstreams.states())
    assert SECRET not in told
    assert "steal" not in told
    assert len(site.forms()) == 1
    assert not site.paths("/steal")


@pytest.mark.parametrize(
    "body", [answer(200, b"{" * 70_000), answer(301, b"", "location: /x"), answer(200, b'{"a":1}')]
)
async def test_hostile_metadata_gets_us_nothing(started, site, body):
    for place in ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"):
        site.raw[place] = body
    peers = await started()
    with pytest.raises(UpstreamFailed, match="no token for it"):
        await peers.call("safe", "x")
    assert not site.forms()


async def test_a_server_that_says_no_is_left_alone_for_a_while(started, site):
    site.token_status = 401
    peers = await started()
    with pytest.raises(UpstreamFailed, match=r"HTTP status 401 `invalid_client`"):
        await peers.call("safe", "x")
    await peers.until(lambda: peers.upstreams.states()["safe"].restarts >= 3)
    assert len(site.forms()) < 3


async def test_a_caller_who_leaves_does_not_end_the_fetch_for_others(started, site):
    site.gate = asyncio.Event()
    peers = await started()
    await peers.until(lambda: "/token" in site.paths())
    leaving = asyncio.create_task(peers.call("safe", "x"))
    staying = asyncio.create_task(peers.call("safe", "x"))
    await asyncio.sleep(0)
    leaving.cancel()
    site.gate.set()
    assert await staying == "token-0"


async def test_a_server_that_never_answers_is_given_up(started, site, monkeypatch):
    monkeypatch.setattr(oauth_tokens, "EACH_SECONDS", 0.1)
    site.gate = asyncio.Event()
    peers = await started()
    with pytest.raises(UpstreamFailed, match="no answer in time"):
        await peers.call("safe", "x")
    assert len(site.forms()) == 1
    site.gate.set()


async def test_a_legacy_session_is_begun_with_a_token_too(bench, connector, site):
    spec = replace(protected(site, failures=9), mode="legacy")
    peers = await bench(spec, connector=connector, good=False)
    assert await peers.call("safe", "x") == "token-0"
    bodies = [json.loads(body) for _, path, _, body in site.seen if path == "/public/mcp"]
    began = next(body for body in bodies if body.get("method") == "initialize")
    assert "io.modelcontextprotocol/oauth-client-credentials" in began["params"]["capabilities"]["extensions"]


@pytest.mark.parametrize("life", [None, -5, "3600", True, 1e30])
async def test_a_strange_life_of_a_token_harms_nobody(started, site, life):
    site.life = life
    peers = await started()
    assert await peers.call("safe", "x") == "token-0"


def test_nothing_of_a_secret_shows_in_a_spec(site):
    shown = repr(protected(site)) + repr(protected(site, key=key()))
    assert SECRET not in shown
    assert "PRIVATE" not in shown


@pytest.mark.parametrize(
    ("pem", "algorithm", "said"),
    [
        (b"nonsense", "", "not a private key"),
        (rsa.generate_private_key(public_exponent=65537, key_size=1024), "", "fewer than 2048"),
        (ec.generate_private_key(ec.SECP384R1()), "", "another curve"),
        (ED, "ES256", "a key for EdDSA, not for ES256"),
    ],
)
def test_keys_that_do_not_fit_are_refused(pem, algorithm, said):
    if not isinstance(pem, bytes):
        pem = pem.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ValueError, match=said):
        AssertionKey.from_pem(pem, algorithm)
