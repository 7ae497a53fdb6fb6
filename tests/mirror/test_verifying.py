"""A bundle at the far side: what is good passes, and each thing that can be wrong is refused with its own error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mirror.tars import member, patched, tar_of
from tests.mirror.workshop import (
    DAY,
    ECHO,
    LISTERS,
    NOW,
    OPERATOR,
    PUBLISHER,
    STRANGER,
    files_of,
    here_in,
    list_text,
    nothing,
    plan_of,
    site_in,
    workshop,
)
from tests.registry.artifacts import component

from mcpg.contract.problems import ConfigError, McpgError, PluginRefused
from mcpg_mirror.faults import Incomplete
from mcpg_mirror.having import have_text, parse_have
from mcpg_mirror.lists import SiteLists
from mcpg_mirror.reading import open_bundle
from mcpg_mirror.verifying import Examined, Findings, verify_bundle
from mcpg_mirror.writing import write_directory, write_tar
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.strict_json import compact
from mcpg_registry.tar_headers import END
from mcpg_registry.trust.dsse import parse_envelope
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_registry.trust.signing import sign_envelope
from mcpg_revocations.rules import Entry
from mcpg_revocations.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAN = plan_of(workshop())
FILES = files_of(PLAN)
TAR = tar_of(FILES)
INDEX = FILES["index.json"]
BLOBS = "blobs/sha256/"


def ordered(files: dict[str, bytes]) -> bytes:
    return b"".join(member(name, data) for name, data in files.items()) + END


def verify(tmp_path: Path, data: bytes | dict[str, bytes], **more: Any) -> Findings:
    path = tmp_path / "m.tar"
    path.write_bytes(data if isinstance(data, bytes) else ordered(data))
    findings = verify_bundle(path, here_in(tmp_path, **more), nothing)
    findings.bundle.files.close()
    return findings


def refused(tmp_path: Path, data: bytes | dict[str, bytes], **more: Any) -> McpgError:
    with pytest.raises(McpgError) as caught:
        verify(tmp_path, data, **more).demand()
    assert not (tmp_path / "revocations").exists(), "looking at a bundle changes nothing"
    return caught.value


def blob(data: bytes) -> str:
    return BLOBS + hex_of(digest_bytes(data))


def without(name: str) -> dict[str, bytes]:
    return {each: data for each, data in FILES.items() if each != name}


def resealed(files: dict[str, bytes], key: Any = OPERATOR, **changes: Any) -> dict[str, bytes]:
    """The bundle as an operator would have made it who means harm: inventory changed, signed, and listed anew."""
    index = json.loads(files["index.json"])
    entry = index["manifests"][0]
    manifest = json.loads(files[BLOBS + entry["digest"][7:]])
    layer = manifest["layers"][0]
    payload = json.loads(parse_envelope(json.loads(files[BLOBS + layer["digest"][7:]])).payload)
    rest = digest_bytes(compact(index["manifests"][1:]))
    payload |= {"index": rest, "operator": key.public.pem, "bundle": ""} | changes
    payload["bundle"] = digest_bytes(compact(payload))
    kind = "application/vnd.mcpg.mirror.inventory.v1+json"
    sealed = compact(sign_envelope(kind, compact(payload), [key]).document())
    out = {
        name: data
        for name, data in files.items()
        if name not in {BLOBS + entry["digest"][7:], BLOBS + layer["digest"][7:]}
    }
    layer |= {"digest": digest_bytes(sealed), "size": len(sealed)}
    text = compact(manifest)
    entry |= {"digest": digest_bytes(text), "size": len(text)}
    out["index.json"] = compact(index)
    return {"oci-layout": out.pop("oci-layout"), "index.json": out.pop("index.json")} | {
        blob(text): text, blob(sealed): sealed
    } | out  # fmt: skip


@pytest.mark.parametrize("kind", ["tar", "directory"])
def test_a_good_bundle_passes_and_changes_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "m.tar"
    (write_tar if kind == "tar" else write_directory)(PLAN, path, nothing)
    seen: list[int] = []
    findings = verify_bundle(path, here_in(tmp_path, operators=(OPERATOR.public,)), seen.append)
    findings.bundle.files.close()
    believed = findings.demand()
    assert (believed.version, believed.state, believed.held) == (4, "fresh", 0)
    assert [each.state for each in findings.plugins] == ["good", "good"]
    assert findings.bundle.signer == OPERATOR.public.id
    assert sum(seen) == sum(len(data) for name, data in FILES.items() if name.startswith(BLOBS))
    assert not (tmp_path / "revocations").exists()


def test_an_unsigned_inventory_is_taken_only_where_nobody_is_demanded(tmp_path: Path) -> None:
    files = files_of(plan_of(workshop(), operator=None))
    findings = verify(tmp_path, files)
    assert findings.demand().version == 4
    assert findings.bundle.signer is None
    assert refused(tmp_path, files, operators=(OPERATOR.public,)).code == "inventory-unsigned"


def test_an_inventory_by_a_stranger_is_refused(tmp_path: Path) -> None:
    files = files_of(plan_of(workshop(), operator=STRANGER))
    error = refused(tmp_path, files, operators=(OPERATOR.public,))
    assert error.code == "inventory-signature"
    assert STRANGER.public.id in error.message


TAMPERED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "member name": (lambda: TAR.replace(b"index.json\0", b"../x.json\0\0", 1), "bad-bundle", "checksum"),
    "member name, checksum mended": (
        lambda: member("oci-layout", FILES["oci-layout"]) + patched(TAR[1024:1536], 0, b"../../x.jsn") + TAR[1536:],
        "bad-bundle", "no file of a layout",
    ),
    "type": (lambda: patched(TAR[:512], 156, b"2") + TAR[512:], "bad-bundle", "symbolic link"),
    "size": (lambda: patched(TAR[:512], 124, b"00000000001\0") + TAR[512:], "bad-bundle", "between"),
    "duplicate": (lambda: TAR[: -len(END)] + member("oci-layout", b"{}") + END, "bad-bundle", "twice"),
    "truncated": (lambda: TAR[:-1], "bad-bundle", "too early"),
    "appended": (lambda: TAR + b"x", "bad-bundle", "behind the end"),
    "no tar": (lambda: b"PK\3\4" + bytes(600), "bad-bundle", "checksum"),
    "empty": (lambda: b"", "bad-bundle", "too early"),
    "layer": (lambda: TAR.replace(ECHO, b"?" * len(ECHO)), "bad-digest", digest_bytes(ECHO)),
    "layout": (lambda: ordered(FILES | {"oci-layout": b'{"imageLayoutVersion":"2.0.0"}'}), "bad-bundle", "version"),
    "index": (lambda: ordered(FILES | {"index.json": INDEX.replace(b"1.2.0", b"1.2.1")}), "bad-inventory", "wanted"),
    "index with a platform": (
        lambda: ordered(FILES | {"index.json": INDEX.replace(b'{"annotations"', b'{"a":1,"annotations"', 1)}),
        "bad-inventory", "form",
    ),
    "no index": (lambda: ordered(without("index.json")), "bad-bundle", "not in the tar"),
    "extra blob": (lambda: ordered(FILES | {blob(b"x"): b"x"}), "bad-bundle", "nothing refers to it"),
    "missing blob": (lambda: ordered(without(blob(ECHO))), "bad-bundle", "is missing"),
    "longer blob": (lambda: ordered(FILES | {blob(ECHO): ECHO + b"x"}), "bad-bundle", "bytes, wanted"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_tampered_bundle_is_refused(tmp_path: Path, what: str) -> None:
    data, code, message = TAMPERED[what]
    error = refused(tmp_path, data())
    assert isinstance(error, PluginRefused)
    assert error.code == code
    assert message in error.message


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, len(TAR) - 1))
def test_a_bundle_cut_at_any_byte_is_refused(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert refused(tmp_path_factory.mktemp("cut"), TAR[:cut]).code == "bad-bundle"


@settings(deadline=None, max_examples=60)
@given(at=st.integers(0, len(TAR) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_is_in_a_header_and_means_nothing(
    at: int, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    broken = bytearray(TAR)
    broken[at] ^= 1 << bit
    folder = tmp_path_factory.mktemp("flip")
    try:
        findings = verify(folder, bytes(broken))
    except PluginRefused:
        return
    assert findings.demand().version == 4
    assert findings.bundle.inventory == PLAN.inventory


def change_signature(files: dict[str, bytes]) -> dict[str, bytes]:
    name = next(name for name, data in files.items() if b'"payloadType":"application/vnd.mcpg.mirror' in data)
    document = json.loads(files[name])
    document["signatures"][0]["sig"] = "A" * 86 + "=="
    text = compact(document)
    manifest = next(each for each in files if name[len(BLOBS) :].encode() in files[each] and each != "index.json")
    changed = files[manifest].replace(name[len(BLOBS) :].encode(), digest_bytes(text)[7:].encode())
    index = files["index.json"].replace(manifest[len(BLOBS) :].encode(), digest_bytes(changed)[7:].encode())
    return {"oci-layout": files["oci-layout"], "index.json": index, blob(changed): changed, blob(text): text} | {
        each: data for each, data in files.items() if each not in {name, manifest, "oci-layout", "index.json"}
    }


def test_a_wrong_signature_of_the_inventory_is_refused(tmp_path: Path) -> None:
    changed = change_signature(FILES)
    assert refused(tmp_path, changed).code == "inventory-signature"
    assert refused(tmp_path, changed, operators=(OPERATOR.public,)).code == "inventory-signature"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "schema"),
        ({"mode": "delta"}, "increment"),
        ({"more": 1}, "more"),
        ({"plugins": [{}]}, "plugins"),
        ({"index": "sha256:" + "0" * 64}, "wanted `sha256:0000"),
        ({"papers": {}}, "papers"),
        ({"created": -1}, "created"),
        ({"revocations": {"version": 9, "digest": "sha256:" + "0" * 64, "expires": None}}, "revocation list"),
        ({"operator": "no key"}, "PEM"),
    ],
)
def test_an_inventory_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    error = refused(tmp_path, resealed(FILES, **changes))
    assert error.code in {"bad-inventory", "bad-bundle"}
    assert message in error.message


def test_an_operator_cannot_stand_in_for_a_publisher(tmp_path: Path) -> None:
    """The two locks: whoever holds the operator's key still cannot ship what no publisher has signed."""
    shop = workshop()
    shop.add(component(id="acme/evil"), STRANGER)
    trusting = TrustPolicy((Rule("ghcr.io/acme", (TrustedKey(STRANGER.public), TrustedKey(PUBLISHER.public))),))
    files = files_of(plan_of(shop, policy=trusting))
    findings = verify(tmp_path, files, operators=(OPERATOR.public,))
    assert {each.plugin.id: each.state for each in findings.plugins} == {
        "acme/echo": "good", "acme/evil": "refused", "acme/two": "good",
    }  # fmt: skip
    assert refused(tmp_path, files).code == "bad-signature"


def test_a_prefix_that_the_site_does_not_trust_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, FILES, policy=TrustPolicy()).code == "untrusted-prefix"


def swapped(text: bytes, version: int, **more: Any) -> dict[str, bytes]:
    return files_of(plan_of(workshop(), revocations=text, version=version, **more))


def test_a_list_older_than_the_sites_is_refused(tmp_path: Path) -> None:
    site = site_in(tmp_path / "far")
    Standing.open(site, NOW).offer(list_text(9), NOW)
    error = refused(tmp_path, FILES, lists=SiteLists(site))
    assert error.code == "revocation-rollback"
    assert "found version 4, wanted at least 9" in error.message


def test_an_inventory_that_lies_about_the_list_is_refused(tmp_path: Path) -> None:
    files = files_of(plan_of(workshop(), version=9))
    error = refused(tmp_path, files)
    assert (error.code, "version 9, found version 4" in error.message) == ("bad-inventory", True)


def test_another_list_of_the_same_version_is_refused(tmp_path: Path) -> None:
    site = site_in(tmp_path / "far")
    Standing.open(site, NOW).offer(list_text(4, issued=NOW - 1), NOW)
    assert refused(tmp_path, FILES, lists=SiteLists(site)).code == "revocation-split"


def test_a_list_by_others_is_refused(tmp_path: Path) -> None:
    forged = list_text(keys=(STRANGER, LISTERS[0]))
    assert refused(tmp_path, swapped(forged, 4)).code == "revocation-signature"


def test_a_stale_list_is_told_and_a_dead_one_too(tmp_path: Path) -> None:
    findings = verify(tmp_path, FILES, now=NOW + 31 * DAY)
    assert findings.demand().state == "stale"
    findings = verify(tmp_path, FILES, now=NOW + 50 * DAY)
    assert findings.demand().state == "dead"
    assert "expired" in findings.demand().reason


@pytest.mark.parametrize(
    "entry",
    [
        Entry(id="X-1", action="kill", reason="malware", plugin="acme/echo", versions="<1.3.0"),
        Entry(id="X-1", action="block", reason="malware", wasm=digest_bytes(ECHO)),
        Entry(id="X-1", action="block", reason="malware", publisher="ghcr.io/acme/echo"),
    ],
)
def test_a_plugin_that_the_new_list_revokes_is_refused(tmp_path: Path, entry: Entry) -> None:
    files = swapped(list_text(5, entry), 5)
    error = refused(tmp_path, files)
    assert error.code == "plugin-revoked"
    assert "X-1" in error.message


def test_a_revoked_key_signs_nothing(tmp_path: Path) -> None:
    entry = Entry(id="X-2", action="block", reason="stolen", key=PUBLISHER.public.id)
    error = refused(tmp_path, swapped(list_text(5, entry), 5))
    assert error.code == "bad-signature"
    assert "stolen" in error.message


def test_a_warning_does_not_refuse(tmp_path: Path) -> None:
    entry = Entry(id="X-3", action="warn", reason="slow", plugin="acme/echo", versions="*")
    findings = verify(tmp_path, swapped(list_text(5, entry), 5))
    assert findings.demand().version == 5
    assert "X-3" in findings.plugins[0].notes[0]


def test_a_site_without_an_anchor_goes_by_the_list_that_ships(tmp_path: Path) -> None:
    from mcpg_mirror.lists import shipped_text  # noqa: PLC0415 - one test's

    site = SiteLists(site_in(tmp_path, anchor=None))
    files = files_of(plan_of(workshop(), revocations=shipped_text(), version=1, expires=None))
    assert verify(tmp_path, files, lists=site).demand().state == "fresh"
    assert site.take(shipped_text(), NOW) is False
    assert refused(tmp_path, FILES, lists=site).code == "revocation-signature"


def test_a_site_with_an_anchor_wants_a_list_that_expires(tmp_path: Path) -> None:
    files = swapped(list_text(4, expires=None, grace=0), 4, expires=None)
    assert refused(tmp_path, files).code == "revocation-list"


def increment() -> dict[str, bytes]:
    shop = workshop()
    shop.add(component(version="1.3.0"))
    return files_of(plan_of(shop, have=parse_have(have_text(PLAN.inventory.here()))))


def test_an_increment_is_judged_with_what_it_builds_on(tmp_path: Path) -> None:
    findings = verify(tmp_path, increment())
    assert [each.state for each in findings.plugins] == ["incomplete", "incomplete", "incomplete"]
    error = findings.errors()[0]
    assert isinstance(error, Incomplete)
    assert error.code == "missing-base"
    assert digest_bytes(b"{}") in error.message
    (tmp_path / "base.tar").write_bytes(TAR)
    base = open_bundle(tmp_path / "base.tar")
    findings = verify(tmp_path, increment(), base=base.layout)
    base.files.close()
    assert findings.demand().version == 4
    assert [each.state for each in findings.plugins] == ["good"] * 3


def test_a_component_that_would_break_this_gateway_is_told(tmp_path: Path) -> None:
    def examine(proven: Any, wasm: bytes, index: Any, where: str) -> Examined:
        if proven.signed.release.id == "acme/two":
            raise PluginRefused("it needs a newer gateway", code="wrong-world", where=where)
        assert wasm == ECHO
        return Examined(kind="backend", breaks=("it asks for `sql`",))

    findings = verify(tmp_path, FILES, examine=examine)
    echo, two = findings.plugins
    assert echo.examined is not None
    assert echo.examined.breaks == ("it asks for `sql`",)
    assert two.error is not None
    assert two.error.code == "wrong-world"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        verify_bundle(tmp_path / "nothing.tar", here_in(tmp_path), nothing)


def tamper_directory(path: Path, how: str) -> None:
    if how == "extra file":
        (path / "thesis.txt").write_text("x")
    elif how == "link":
        target = next(each for each in (path / "blobs" / "sha256").iterdir())
        target.rename(path.parent / "elsewhere")
        target.symlink_to(path.parent / "elsewhere")
    elif how == "linked folder":
        (path / "blobs").rename(path.parent / "blobs")
        (path / "blobs").symlink_to(path.parent / "blobs")
    elif how == "changed":
        (path / blob(ECHO)).write_bytes(b"?" * len(ECHO))
    else:
        (path / "index.json").unlink()


@pytest.mark.parametrize("how", ["extra file", "link", "linked folder", "changed", "no index"])
def test_a_tampered_directory_is_refused(tmp_path: Path, how: str) -> None:
    path = tmp_path / "m"
    write_directory(PLAN, path, nothing)
    tamper_directory(path, how)
    with pytest.raises(PluginRefused) as caught:
        verify_bundle(path, here_in(tmp_path), nothing)
    assert caught.value.code == ("bad-digest" if how == "changed" else "bad-bundle")
