"""Settings of hosts: the longest prefix of mirrors, plain HTTP only where it is said, proxies of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcpg.contract.problems import ConfigError, PluginRefused
from mcpg_registry.hosts import Hosts, HostSettings, Mirror, Timeouts, is_loopback, split_repository
from mcpg_registry.proxies import proxy_for

MIRRORS = (
    Mirror("ghcr.io", ("registry.corp:5000/ghcr.io",)),
    Mirror("ghcr.io/acme", ("one.corp/acme", "two.corp"), only=True),
    Mirror("ghcr.io/acme/redact", ("three.corp/r",)),
)


@pytest.mark.parametrize(
    ("repository", "places"),
    [
        ("ghcr.io/other/x", ["registry.corp:5000/ghcr.io/other/x", "ghcr.io/other/x"]),
        ("ghcr.io/acme/x", ["one.corp/acme/x", "two.corp/x"]),
        ("ghcr.io/acme/redact", ["three.corp/r", "ghcr.io/acme/redact"]),
        ("ghcr.io/acme/redact/more", ["three.corp/r/more", "ghcr.io/acme/redact/more"]),
        ("ghcr.io/acmeredact", ["registry.corp:5000/ghcr.io/acmeredact", "ghcr.io/acmeredact"]),
        ("ghcr.io.evil.com/acme/x", ["ghcr.io.evil.com/acme/x"]),
        ("quay.io/acme/x", ["quay.io/acme/x"]),
    ],
)
def test_the_longest_prefix_that_ends_at_a_slash_wins(repository: str, places: list[str]) -> None:
    found = Hosts(mirrors=MIRRORS).places(repository)
    assert [f"{place.host}/{place.repository}" for place in found] == places
    assert [place.mirror for place in found][:-1] == [True] * (len(found) - 1)


def test_pushes_go_to_the_origin_whatever_the_mirrors() -> None:
    assert Hosts(mirrors=MIRRORS).origin("ghcr.io/acme/x").host == "ghcr.io"


@pytest.mark.parametrize("prefix", ["", "GHCR.io", "ghcr.io/", "ghcr.io/../x", "https://ghcr.io", "ghcr", "a b.c/d"])
def test_a_malformed_prefix_is_an_error_of_the_operator(prefix: str) -> None:
    for mirror in (Mirror(prefix, ("a.corp",)), Mirror("ghcr.io", (prefix,))):
        with pytest.raises(ConfigError, match="is no prefix of repositories"):
            Hosts(mirrors=(mirror,))


def test_mirrors_that_name_no_place_are_an_error() -> None:
    with pytest.raises(ConfigError, match="are empty"):
        Hosts(mirrors=(Mirror("ghcr.io", ()),))


def test_tls_is_the_rule_and_plain_http_is_said() -> None:
    said = HostSettings("registry.corp:5000", plain_http=True)
    hosts = Hosts((said,))
    assert hosts.origin("registry.corp:5000/a").origin == "http://registry.corp:5000"
    assert hosts.origin("registry.corp/a").origin == "https://registry.corp"
    assert hosts.origin("127.0.0.1:5000/a").origin == "https://127.0.0.1:5000"
    loopback = Hosts(plain_loopback=True)
    assert loopback.origin("localhost:5000/a").origin == "http://localhost:5000"
    assert loopback.origin("registry.corp:5000/a").origin == "https://registry.corp:5000"
    of_its_own = Hosts((HostSettings("localhost:5000", ca=Path("ca.pem")),), plain_loopback=True)
    assert of_its_own.origin("localhost:5000/a").origin == "https://localhost:5000"


def test_docker_io_is_served_elsewhere_and_its_tokens_too() -> None:
    place = Hosts().origin("docker.io/library/x")
    assert (place.host, place.origin, place.realms) == (
        "docker.io",
        "https://registry-1.docker.io",
        ("auth.docker.io",),
    )


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST:5000", True),
        ("127.0.0.1:1", True),
        ("127.8.9.1", True),
        ("[::1]:5000", True),
        ("::1", False),
        ("localhost.evil.com", False),
        ("127.0.0.1.evil.com", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_repository_has_a_host() -> None:
    assert split_repository("GHCR.io/acme/x") == ("ghcr.io", "acme/x")
    with pytest.raises(PluginRefused):
        split_repository("acme/x")


def test_a_body_has_time_by_its_size() -> None:
    assert Timeouts(total=10, slowest=1000).body(5000) == 15


@pytest.mark.parametrize(
    ("environment", "host", "proxy"),
    [
        ({}, "ghcr.io", None),
        ({"HTTPS_PROXY": "http://p:3128"}, "ghcr.io", "http://p:3128"),
        ({"https_proxy": "p:3128", "HTTPS_PROXY": "other"}, "ghcr.io", "http://p:3128"),
        ({"ALL_PROXY": "p:1"}, "ghcr.io", "http://p:1"),
        ({"HTTP_PROXY": "p:1"}, "ghcr.io", None),
        ({"https_proxy": "p:1", "NO_PROXY": ".corp, ghcr.io"}, "ghcr.io", None),
        ({"https_proxy": "p:1", "no_proxy": ".corp"}, "registry.corp", None),
        ({"https_proxy": "p:1", "no_proxy": "*"}, "ghcr.io", None),
    ],
)
def test_proxies_are_those_of_the_environment(environment: dict[str, str], host: str, proxy: str | None) -> None:
    assert proxy_for("https", host, environment) == proxy
