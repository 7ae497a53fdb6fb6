"""What others write about authorization, read: challenges, well-known places, metadata. Only `Unfit` comes out."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.upstreams.oauth_discovery import (
    Challenge,
    Unfit,
    may_ask,
    read_challenge,
    read_resource,
    read_server,
    resource_places,
    scopes_in,
    server_places,
)

URL = "https://mcp.example/public/mcp"

CHALLENGES = {
    "": Challenge(),
    "Basic realm=x": Challenge(),
    "Bearer": Challenge(),
    'Bearer resource_metadata="https://a/b", scope="x y"': Challenge("https://a/b", ("x", "y")),
    'bearer error=insufficient_scope,scope="x"': Challenge("", ("x",), "insufficient_scope"),
    'Basic realm="Bearer scope=evil", Bearer scope="good"': Challenge("", ("good",)),
    'Bearer scope="good", Basic realm="r", scope="evil"': Challenge("", ("good",)),
    'Bearer scope="first", scope="second"': Challenge("", ("first",)),
    'Bearer error="a\\"b"': Challenge("", (), 'a"b'),
    'DPoP algs="ES256", Bearer scope="x"': Challenge("", ("x",)),
}


@pytest.mark.parametrize("header", CHALLENGES)
def test_a_challenge_is_read(header):
    assert read_challenge(header) == CHALLENGES[header]


@given(st.text() | st.from_regex(r"(Bearer |Basic |[a-z_]+=|\"|,| ){0,30}"))
def test_any_header_is_read_without_an_error(header):
    found = read_challenge(header)
    assert len(found.scopes) <= 64


def test_a_hostile_header_takes_no_time():
    assert read_challenge("Bearer " + 'a="' * 3000) == read_challenge("Bearer " + 'a="' * 3000)
    assert read_challenge("Bearer " + ", " * 50_000) == Challenge()
    assert read_challenge('Bearer scope="' + "\\" * 50_000) == Challenge()


def test_scopes_are_what_the_grammar_has():
    assert scopes_in('a  b a \x00c d"e ' + "x" * 300) == ("a", "b")


@pytest.mark.parametrize(
    ("url", "places"),
    [
        (URL, ("/.well-known/oauth-protected-resource/public/mcp", "/.well-known/oauth-protected-resource")),
        ("https://mcp.example/", ("/.well-known/oauth-protected-resource",)),
        ("https://mcp.example", ("/.well-known/oauth-protected-resource",)),
    ],
)
def test_places_of_a_resource(url, places):
    assert resource_places(url) == tuple("https://mcp.example" + place for place in places)


def test_places_of_an_issuer():
    assert server_places("https://as.example/") == (
        "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration",
    )
    assert server_places("https://as.example/t/1") == (
        "https://as.example/.well-known/oauth-authorization-server/t/1",
        "https://as.example/.well-known/openid-configuration/t/1",
        "https://as.example/t/1/.well-known/openid-configuration",
    )


@pytest.mark.parametrize(
    ("resource", "fits"),
    [
        (URL, True),
        ("https://mcp.example", True),
        ("https://mcp.example/public", True),
        ("https://MCP.example/public/", True),
        ("https://mcp.example/pub", False),
        ("https://mcp.example/public/mcp/x", False),
        ("https://mcp.example.evil/public/mcp", False),
        ("http://mcp.example/public/mcp", False),
        ("https://mcp.example/public/mcp?x", False),
        ("https://mcp.example/public/mcp#x", False),
        ("https://[", False),
        (7, False),
    ],
)
def test_metadata_has_to_be_of_this_resource(resource, fits):
    body = json.dumps({"resource": resource, "authorization_servers": ["https://as.example"]}).encode()
    if fits:
        assert read_resource(body, URL).servers == ("https://as.example",)
    else:
        with pytest.raises(Unfit, match="another resource"):
            read_resource(body, URL)


@pytest.mark.parametrize(
    ("place", "url", "may"),
    [
        ("https://other.example/meta", URL, True),
        ("https://mcp.example/meta", URL, True),
        ("http://mcp.example/meta", URL, False),
        ("http://10.0.0.1/meta", "http://10.0.0.2/mcp", False),
        ("http://10.0.0.2/meta", "http://10.0.0.2/mcp", True),
        ("http://169.254.169.254/latest", URL, False),
        ("https://[", URL, False),
        ("file:///etc/passwd", URL, False),
    ],
)
def test_where_metadata_may_be_fetched_from(place, url, may):
    assert may_ask(place, url) is may


def test_only_servers_that_may_have_credentials_are_taken():
    servers = [
        "http://as.example",
        "https://ok.example",
        "https://u:p@x.example",
        "x",
        7,
        "https://[",
        "http://127.0.0.1/",
    ]
    body = json.dumps({"resource": URL, "authorization_servers": servers}).encode()
    assert read_resource(body, URL).servers == ("https://ok.example",)
    here = "http://127.0.0.1:1/mcp"
    body = json.dumps({"resource": here, "authorization_servers": servers}).encode()
    assert read_resource(body, here).servers == ("https://ok.example", "http://127.0.0.1/")


@given(
    st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
def test_any_metadata_is_read_or_unfit(body):
    for read in (lambda: read_resource(body, URL), lambda: read_server(body, "https://as.example")):
        with pytest.raises(Unfit):
            read()


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "resource",
                "authorization_servers",
                "scopes_supported",
                "issuer",
                "token_endpoint",
                "token_endpoint_auth_methods_supported",
            ]
        ),
        st.none() | st.text() | st.lists(st.text()) | st.just(URL),
    )
)
def test_any_members_are_read_or_unfit(members):
    body = json.dumps(members).encode()
    for read in (lambda: read_resource(body, URL), lambda: read_server(body, "https://as.example")):
        with suppress(Unfit):
            read()
