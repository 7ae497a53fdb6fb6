"""Which rule speaks of a repository, and what a rule permits."""

from __future__ import annotations

from typing import Any

import pytest
from tests.registry.artifacts import rule_of
from tests.registry.test_verification import RELEASE, A, B, pair, refused, verify

from mcpg.contract.problems import PluginRefused
from mcpg_registry.trust.bundles import claimed_keys
from mcpg_registry.trust.identities import Identity, TrustedIdentity
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_registry.trust.signing import sign_release
from mcpg_registry.trust.statements import Release, parse_vulnerabilities, vulnerabilities_predicate

KEYS = (TrustedKey(A.public),)
ROBOT = TrustedIdentity("https://issuer.example", "https://robot.example")


@pytest.mark.parametrize(
    "prefix", ["ghcr.io/acme/*", "GHCR.io/acme", "ghcr.io//acme", "/acme", "acme x", "https://ghcr.io/acme", "a\nb"]
)
def test_prefixes_that_could_never_match_are_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        TrustPolicy((Rule(prefix, KEYS),))


@pytest.mark.parametrize("prefix", ["ghcr.io/acme", "localhost:5000/a", "[::1]:5000/a", "acme", "ghcr.io/acme/"])
def test_prefixes_with_hosts_and_ports(prefix: str) -> None:
    policy = TrustPolicy((Rule(prefix, KEYS),))
    assert policy.rule_for(prefix.rstrip("/") + "/x").prefix == prefix


def test_an_unknown_prefix_names_the_key_of_a_first_pull_as_unproven() -> None:
    policy = TrustPolicy((rule_of(A, prefix="ghcr.io/acme"),))
    with pytest.raises(PluginRefused, match="no rule") as caught:
        policy.rule_for("ghcr.io/other/x", where="plugin `x`")
    assert "--key" in caught.value.remedy
    assert "name the key" not in caught.value.message
    candidates = [b"junk", *pair(B), *pair(A)]
    with pytest.raises(PluginRefused, match="which nothing proves yet") as caught:
        policy.rule_for("ghcr.io/other/x", claimed=claimed_keys(candidates))
    assert B.public.id in caught.value.message
    assert (caught.value.code, caught.value.step) == ("untrusted-prefix", 6)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "neither a key nor an identity"),
        ({"identities": (ROBOT,), "require": "all"}, "requires all"),
        ({"keys": KEYS, "require": "all"}, "requires all"),
        ({"keys": KEYS, "threshold": 2, "identities": (ROBOT,)}, "threshold"),
        ({"identities": (ROBOT,), "threshold": 2}, "threshold"),
        ({"keys": KEYS, "ids": ("acme",)}, "neither a plugin id"),
        ({"keys": KEYS, "ids": ("*",)}, "neither a plugin id"),
        ({"keys": KEYS, "ids": ("acme/red*",)}, "neither a plugin id"),
        ({"keys": KEYS, "ids": ("acme/*/x",)}, "neither a plugin id"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Rule("acme", **fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (("", "x"), "needs its issuer"),
        (("https://i.example",), "either identity or pattern"),
        (("https://i.example", "x", "^x$"), "either identity or pattern"),
        (("https://i.example", "", "x"), "not anchored"),
        (("https://i.example", "x\n"), "printable"),
        (("https://i.example", "x", "", b"x" * 1_100_000), "trusted root"),
    ],
)
def test_identities_that_cannot_be_meant_are_refused(fields: tuple[Any, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        TrustedIdentity(*fields)


def test_an_identity_is_issuer_and_name_together() -> None:
    pattern = TrustedIdentity("https://i.example", pattern=r"^https://x/.+$")
    for trusted, name in ((ROBOT, "https://robot.example"), (pattern, "https://x/y")):
        assert trusted.matches(Identity(trusted.issuer, name))
        assert not trusted.matches(Identity(trusted.issuer, name + " "[:0] + "\n"))
        assert not trusted.matches(Identity(trusted.issuer + "/", name))
        assert not trusted.matches(Identity("https://evil.example", name))


def test_a_validity_ends_after_it_begins() -> None:
    with pytest.raises(ValueError, match="ends to be valid"):
        TrustedKey(A.public, not_before=2, not_after=1)


@pytest.mark.parametrize(
    ("ids", "may", "may_not"),
    [
        ((), ["acme/redact", "x/y/z"], ["mcpg/policy-cedar", "mcpg/x/y"]),
        (("acme/*",), ["acme/redact", "acme/a/b"], ["acmes/x", "mcpg/x", "acme"]),
        (("acme/redact", "beta/*"), ["acme/redact", "beta/x"], ["acme/redact2", "acme/redac"]),
        (("mcpg/*",), ["mcpg/x"], ["acme/x"]),
    ],
)
def test_whose_ids_may_be_released(ids: tuple[str, ...], may: list[str], may_not: list[str]) -> None:
    rule = Rule("ghcr.io/acme", KEYS, ids=ids)
    assert [each for each in may if not rule.permits(each)] == []
    assert [each for each in may_not if rule.permits(each)] == []


def test_a_foreign_id_is_refused_at_step_7() -> None:
    assert verify(pair(A), Rule("acme", KEYS, ids=("acme/*",))).release == RELEASE
    error = refused(7, "`acme/echo`, which those trusted for `acme` may not", pair(A), Rule("acme", KEYS, ids=("x/*",)))
    assert error.code == "foreign-id"
    builtin = Release("mcpg/echo", "1.0.0", RELEASE.world, RELEASE.wasm)
    refused(7, "`mcpg/echo`", [pair(A)[0], _release(builtin)], Rule("acme", KEYS))


def _release(release: Release) -> bytes:
    from tests.registry.test_verification import MANIFEST  # noqa: PLC0415 - used once

    return sign_release(MANIFEST, release, A).text()


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        {"ids": []},
        {"ids": "CVE-1"},
        {"ids": ["CVE-1"], "more": 1},
        {"ids": ["CVE-1", "CVE-1"]},
        {"ids": ["has space"]},
        {"ids": [1]},
        {"ids": ["x" * 129]},
        {"ids": [f"CVE-{n}" for n in range(257)]},
    ],
)
def test_vulnerabilities_out_of_shape(predicate: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="vulnerabilit"):
        parse_vulnerabilities(predicate)


def test_vulnerabilities_read_back_sorted_and_once() -> None:
    assert parse_vulnerabilities(vulnerabilities_predicate(["B-2", "A-1", "B-2"])) == ("A-1", "B-2")
