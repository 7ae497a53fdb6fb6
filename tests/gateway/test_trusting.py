"""What the file says of trust and registries, and what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcpg.config import ConfigErrors, loads
from mcpg.contract.problems import ConfigError
from mcpg.gateway.supplying import hosts_of, lock_of, supply_of
from mcpg.gateway.trusting import policy_in, policy_of
from mcpg_registry.locking import Lock, write_lock
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.rotation import Handover, rotation_of

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.config import Loaded

A, B = PrivateKey.generate(), PrivateKey.generate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.pub").write_text(A.public.pem)
    (tmp_path / "b.pub").write_text(B.public.pem)
    (tmp_path / "both.pub").write_text(A.public.pem + B.public.pem)
    return tmp_path


def loaded(folder: Path, **sections: Any) -> Loaded:
    path = folder / "mcpg.yaml"
    return loads(yaml.safe_dump({"version": 1, **sections}), path=path, environment={})


def rule(**more: Any) -> dict[str, Any]:
    return {"prefix": "ghcr.io/acme", "keys": ["a.pub"], **more}


def stamp(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_rules_become_rules(folder: Path) -> None:
    keys = [{"file": "a.pub", "not_before": "2026-01-01", "not_after": "2026-12-31"}, "b.pub"]
    identity = {"issuer": "https://token.actions.githubusercontent.com", "pattern": "^https://github\\.com/acme/.*$"}
    given = rule(prefix="ghcr.io/acme/", keys=keys, threshold=2, identities=[identity], require="all", ids=["acme/*"])
    policy = policy_of(loaded(folder, trust={"rules": [given, rule(prefix="quay.io", keys=["both.pub"])]}))
    first, second = policy.rules
    assert (first.prefix, first.threshold, first.require, first.ids) == ("ghcr.io/acme", 2, "all", ("acme/*",))
    assert first.keys[0].not_before == stamp("2026-01-01T00:00:00")
    assert first.keys[0].not_after == stamp("2026-12-31T23:59:59")
    assert (first.keys[1].key, first.keys[1].not_after) == (B.public, None)
    assert first.identities[0].issuer == identity["issuer"]
    assert [each.key for each in second.keys] == [A.public, B.public]


def test_a_time_is_in_utc_and_to_the_second(folder: Path) -> None:
    keys = [{"file": "a.pub", "not_after": "2026-12-31T12:00:00Z"}]
    policy = policy_of(loaded(folder, trust={"rules": [rule(keys=keys)]}))
    assert policy.rules[0].keys[0].not_after == stamp("2026-12-31T12:00:00")


@pytest.mark.parametrize(
    "text", ["2026-02-30", "tomorrow", "2026-1-1", "2026-01-01 00:00:00", "2026-01-01T00:00:00", ""]
)
def test_what_is_no_day(folder: Path, text: str) -> None:
    with pytest.raises(ConfigErrors, match="no day and no time"):
        loaded(folder, trust={"rules": [rule(keys=[{"file": "a.pub", "not_after": text}])]})


def test_a_rotation_is_read(folder: Path) -> None:
    handover = Handover("ghcr.io/acme", A.public.id, B.public, 1_700_000_000)
    data = handover.signed_bytes()
    proof = rotation_of(handover, {A.public.id: A.sign(data), B.public.id: B.sign(data)})
    (folder / "new.rotation").write_bytes(proof.text())
    policy = policy_of(loaded(folder, trust={"rules": [rule()], "rotations": ["new.rotation"]}))
    assert policy.rule_for("ghcr.io/acme/x").rotations == (proof,)


def test_a_policy_in_a_file_of_its_own(folder: Path) -> None:
    (folder / "trust").mkdir()
    (folder / "trust" / "trust.yaml").write_text(yaml.safe_dump({"rules": [rule(keys=["../a.pub"])]}))
    policy = policy_of(loaded(folder, trust={"file": "trust/trust.yaml"}))
    assert policy == policy_in(folder / "trust" / "trust.yaml") == policy_of(loaded(folder, trust={"rules": [rule()]}))
    (folder / "trust" / "trust.yaml").write_text("rules:\n  - prefix: ghcr.io\n    kees: []\n")
    with pytest.raises(ConfigErrors, match="unknown key `kees`") as caught:
        policy_in(folder / "trust" / "trust.yaml")
    assert "trust.yaml:3:5" in caught.value.diagnostics()
    (folder / "trust" / "trust.yaml").write_text("file: other.yaml\n")
    with pytest.raises(ConfigErrors, match="names no other"):
        policy_in(folder / "trust" / "trust.yaml")
    with pytest.raises(ConfigErrors, match="stands in two places"):
        loaded(folder, trust={"file": "trust/trust.yaml", "rules": [rule()]})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (rule(keys=["a.pub", "a.pub"]), "stands twice"),
        (rule(threshold=2), "threshold"),
        (rule(keys=[]), "neither a key nor an identity"),
        (rule(require="all"), "requires all"),
        (rule(ids=["*"]), "neither a plugin id"),
        (rule(keys=["mcpg.yaml"]), "cannot be"),
        (rule(identities=[{"issuer": "https://x", "pattern": "acme"}]), "pattern"),
        (
            rule(identities=[{"issuer": "https://x", "identity": "y", "root": "gone.json"}]),
            "`gone.json` cannot be read",
        ),
    ],
)
def test_a_rule_that_cannot_be_obeyed_says_where_it_stands(folder: Path, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        policy_of(loaded(folder, trust={"rules": [given]}))
    assert "mcpg.yaml" in caught.value.where


def test_two_rules_for_one_prefix(folder: Path) -> None:
    with pytest.raises(ConfigError, match="stands there twice"):
        policy_of(loaded(folder, trust={"rules": [rule(), rule(prefix="ghcr.io/acme/")]}))


def test_hosts_and_mirrors(folder: Path) -> None:
    given = loaded(
        folder,
        registries={
            "hosts": {
                "Registry.corp:5000": {"ca": "ca.pem", "plain_http": False, "realms": ["auth.corp"], "timeout": "7s"}
            },
            "mirrors": {"ghcr.io": {"to": ["registry.corp:5000/ghcr.io"], "only": True}},
            "credentials": "auth.json",
        },
    )
    hosts = hosts_of(given)
    (place,) = hosts.places("ghcr.io/acme/x")
    assert (place.host, place.repository, place.mirror) == ("registry.corp:5000", "ghcr.io/acme/x", True)
    assert (place.settings.ca, place.realms) == (folder / "ca.pem", ("auth.corp",))
    assert place.settings.timeouts.read == 7
    assert supply_of(given).credentials == folder / "auth.json"


def test_the_lock_is_beside_the_file_or_where_it_says(folder: Path) -> None:
    assert lock_of(loaded(folder)) is None
    with pytest.raises(ConfigError, match="no such lock"):
        lock_of(loaded(folder), must=True)
    with pytest.raises(ConfigError, match="no such lock") as caught:
        lock_of(loaded(folder, lock="locks/mine.lock"))
    assert "mcpg.yaml" in caught.value.where
    lock = Lock(revocations=3, plugins={})
    write_lock(folder / "mcpg.lock", lock)
    assert lock_of(loaded(folder)) == lock
    supply = supply_of(loaded(folder, store="far/store"), locked=True, offline=True)
    assert (supply.at_least, supply.locked, supply.offline) == (3, True, True)
    assert supply.store is not None
    assert supply.store.directory == folder / "far" / "store"
