"""What an entry hits, whatever it names, and what the lists of a site say together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.revocations.lists_made import DIGEST, SUBJECT, A, B, C, entry, listed

from mcpg.contract.problems import PluginRefused
from mcpg_registry.digests import digest_bytes
from mcpg_registry.trust.identities import Identity
from mcpg_revocations.index import RevocationIndex, Subject, Table, check, demand, index_of, revoked
from mcpg_revocations.lists import Action, Entry, version_in

ISSUER, IDENTITY = SUBJECT.identities[0]

HITS: list[tuple[dict[str, str], bool]] = [
    ({"manifest": DIGEST}, True),
    ({"manifest": digest_bytes(b"y")}, False),
    ({"manifest": SUBJECT.wasm}, False),
    ({"wasm": SUBJECT.wasm}, True),
    ({"wasm": DIGEST}, False),
    ({"key": B.public.id}, True),
    ({"key": C.public.id}, False),
    ({"key": DIGEST}, False),
    ({"issuer": ISSUER, "identity": IDENTITY}, True),
    ({"issuer": ISSUER, "identity": IDENTITY + "/x"}, False),
    ({"issuer": "https://other.example", "identity": IDENTITY}, False),
    ({"issuer": ISSUER, "identity": "^https?://.*$"}, True),
    ({"issuer": ISSUER, "identity": "^x.*$"}, False),
    ({"issuer": "https://other.example", "identity": "^https?://.*$"}, False),
    ({"publisher": "acme"}, True),
    ({"publisher": "acme/echo"}, True),
    ({"publisher": "acm"}, False),
    ({"publisher": "echo"}, False),
    ({"publisher": "ghcr.io"}, True),
    ({"publisher": "ghcr.io/acme"}, True),
    ({"publisher": "ghcr.io/acme/plugins/echo"}, True),
    ({"publisher": "ghcr.io/acme/plug"}, False),
    ({"publisher": "ghcr.io/acme/plugins/echo/more"}, False),
    ({"plugin": "acme/echo", "versions": "*"}, True),
    ({"plugin": "acme/echo", "versions": "<=1.2.0"}, True),
    ({"plugin": "acme/echo", "versions": ">=1.0.0 <1.2.1"}, True),
    ({"plugin": "acme/echo", "versions": ">1.2.0"}, False),
    ({"plugin": "acme", "versions": "*"}, False),
    ({"plugin": "acme/other", "versions": "*"}, False),
    ({"vulnerability": "CVE-2026-1"}, True),
    ({"vulnerability": "CVE-2026-12"}, False),
]


@pytest.mark.parametrize(("fields", "hit"), HITS)
def test_what_an_entry_hits(fields: dict[str, str], hit: bool) -> None:  # noqa: FBT001 - a column of the table
    verdict = check(SUBJECT, listed(entry(**fields)))
    assert verdict.action is (Action.BLOCK if hit else Action.ALLOW)
    assert bool(verdict.entries) is hit


def test_each_kind_of_entry_hits_alone_and_nothing_of_an_empty_subject() -> None:
    entries = [entry(id=str(number), **fields) for number, (fields, hit) in enumerate(HITS) if hit]
    assert len(check(SUBJECT, listed(*entries)).entries) == len(entries)
    assert check(Subject(), listed(*entries)).action is Action.ALLOW


def test_the_strongest_entry_counts_and_all_are_told() -> None:
    entries = [
        entry(id="W", action="warn", manifest=DIGEST),
        entry(id="K", action="kill", key=A.public.id),
        entry(id="B", plugin="acme/echo", versions="*"),
    ]
    verdict = check(SUBJECT, listed(*entries))
    assert verdict.action is Action.KILL
    assert [each.id for each in verdict.entries] == ["K", "B", "W"]
    assert verdict.reason() == "kill by `K`: it leaks; block by `B`: it leaks; warn by `W`: it leaks"


def test_an_entry_that_matches_twice_is_told_once() -> None:
    twice = entry(publisher="acme/echo")
    subject = Subject(id="acme/echo", repository="acme/echo")
    assert check(subject, listed(twice)).entries == (twice,)


def test_a_version_that_cannot_be_read_is_in_every_range() -> None:
    for version in ("latest", "", "1.2"):
        strange = Subject(id="acme/echo", version=version)
        assert check(strange, listed(entry(plugin="acme/echo", versions="<0.0.1"))).action is Action.BLOCK


def test_a_warning_lets_in_and_a_block_does_not() -> None:
    assert demand(SUBJECT, listed(entry(action="warn", manifest=DIGEST)), where="x").action is Action.WARN
    for action in ("block", "kill"):
        with pytest.raises(PluginRefused, match=r"revoked: .*it leaks") as caught:
            demand(SUBJECT, listed(entry(action=action, manifest=DIGEST, fixed_in="1.3.0")), where="x")
        assert (caught.value.step, caught.value.code) == (10, "plugin-revoked")
        assert "1.3.0" in caught.value.remedy


def test_signers_are_revoked_by_block_and_kill() -> None:
    entries: list[Entry] = []
    for action, key in (("warn", A), ("block", B), ("kill", C)):
        entries.append(entry(id=f"k-{action}", action=action, key=key.public.id))
        entries.append(entry(id=f"i-{action}", action=action, issuer=ISSUER, identity=action))
    found = revoked(listed(*entries))
    assert found.keys == {B.public.id: "it leaks", C.public.id: "it leaks"}
    assert found.identities == {(ISSUER, "block"): "it leaks", (ISSUER, "kill"): "it leaks"}


def test_all_lists_of_a_site_count_and_what_is_hidden_does_not() -> None:
    one, two, three = entry(id="1", manifest=DIGEST), entry(id="2", key=A.public.id), entry(id="3", publisher="acme")
    tables = (Table([one], issuer="shipped", version=1), Table([two]), Table([three]))
    index = RevocationIndex(tables, version=7)
    assert [each.id for each in check(SUBJECT, index).entries] == ["1", "2", "3"]
    assert (len(index), index_of(index) is index, index.version) == (3, True, 7)
    hiding = RevocationIndex(tables, hidden=frozenset([one, two]))
    assert [each.id for each in check(SUBJECT, hiding).entries] == ["3"]
    assert revoked(hiding).keys == {}
    assert (len(hiding), list(hiding.entries())) == (1, [three])


NAMES = st.sampled_from(["acme", "acme/echo", "ghcr.io", "ghcr.io/acme", "ghcr.io/acme/echo", "evil/echo"])
DIGESTS = st.integers(0, 3).map(lambda number: digest_bytes(bytes([number])))
RANGES = st.sampled_from(["*", "<1.0.0", ">=1.0.0 <2.0.0", "=1.2.0"])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Return an entry of any kind out of a small world."""
    kinds: list[dict[str, Any]] = [
        {"manifest": draw(DIGESTS)},
        {"wasm": draw(DIGESTS)},
        {"key": draw(DIGESTS)},
        {"issuer": "i", "identity": draw(st.sampled_from("xy"))},
        {"publisher": draw(NAMES)},
        {"plugin": draw(NAMES), "versions": draw(RANGES)},
        {"vulnerability": draw(st.sampled_from(["CVE-1", "CVE-2"]))},
    ]
    action = draw(st.sampled_from(["warn", "block", "kill"]))
    return entry(id=str(draw(st.integers(0, 10**6))), action=action, **draw(st.sampled_from(kinds)))


SUBJECTS = st.builds(
    Subject,
    manifest=DIGESTS,
    wasm=DIGESTS,
    id=NAMES,
    version=st.sampled_from(["0.9.0", "1.2.0", "2.0.0", "odd"]),
    keys=st.tuples(DIGESTS, DIGESTS),
    repository=st.one_of(st.just(""), NAMES),
    identities=st.sampled_from([(), (("i", "x"),), (("i", "y"), ("j", "x"))]),
    vulnerabilities=st.sampled_from([(), ("CVE-1",), ("CVE-1", "CVE-2")]),
)


def plainly(each: Entry, subject: Subject) -> bool:
    """Whether the entry hits, read off its meaning and not off an index."""
    below = any(f"{name}/".startswith(f"{each.publisher}/") for name in (subject.id, subject.repository) if name)
    return (
        (each.manifest != "" and each.manifest == subject.manifest)
        or (each.wasm != "" and each.wasm == subject.wasm)
        or each.key in subject.keys
        or (each.issuer, each.identity) in subject.identities
        or (each.publisher != "" and below)
        or (each.plugin != "" and each.plugin == subject.id and version_in(subject.version, each.versions))
        or each.vulnerability in subject.vulnerabilities
    )


@given(st.lists(entries(), max_size=12, unique_by=lambda each: each.id), SUBJECTS)
def test_the_index_finds_what_looking_at_every_entry_finds(found: list[Entry], subject: Subject) -> None:
    wanted = {each for each in found if plainly(each, subject)}
    verdict = check(subject, listed(*found))
    assert set(verdict.entries) == wanted
    assert len(verdict.entries) == len(wanted)
    assert verdict.action == max((each.strength for each in wanted), default=Action.ALLOW)
    assert check(replace(subject), RevocationIndex([Table(found)], hidden=frozenset(wanted))).action is Action.ALLOW


def test_identities_by_pattern_are_checked_and_few() -> None:
    with pytest.raises(ValueError, match="not anchored"):
        entry(issuer=ISSUER, identity="^https://x")
    many = [entry(id=str(number), issuer=ISSUER, identity=f"^x{number}.*$") for number in range(1001)]
    assert len(listed(*many[:1000]).entries) == 1000
    with pytest.raises(ValueError, match="more than 1000"):
        listed(*many)
    named = revoked(listed(entry(issuer=ISSUER, identity="^https://ci.*$")))
    assert named.why(Identity(ISSUER, IDENTITY)) == named.identities[ISSUER, "^https://ci.*$"]
