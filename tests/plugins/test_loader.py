from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugins.kitchen import ECHO, KEY, PLAIN, FakeSandbox, bake, loader_of
from tests.registry.artifacts import (
    PREAMBLE,
    component,
    facts_of,
    packed_of,
    rule_of,
    signatures_of,
    with_section,
    writer_of,
)

from mcpg.contract.problems import PluginRefused
from mcpg_registry.layout_writing import LayoutWriter
from mcpg_registry.locking import Locked
from mcpg_registry.manifests import describe
from mcpg_registry.packing import pack_plugin
from mcpg_registry.trust.keys import PrivateKey
from mcpg_registry.trust.policy import TrustPolicy
from mcpg_revocations.rules import Entry, RevocationList, sign_list
from mcpg_revocations.shipped import LIST

if TYPE_CHECKING:
    from pathlib import Path

    from mcpg.plugins.making import Places

A, B = PrivateKey.generate(), PrivateKey.generate()
TRUST = TrustPolicy((rule_of(A),))
WASM = component()
REFERENCE = "layout:mirror#acme/echo:1.2.0"


async def refused(loader: Any, reference: str, base: Path, step: int, told: str) -> PluginRefused:
    with pytest.raises(PluginRefused, match=told) as caught:
        await loader.compile(await loader.verify(reference, base))
    assert caught.value.step == step
    assert caught.value.message.startswith(f"step {step}, ")
    return caught.value


async def test_a_built_in_plugin_passes_all_steps(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    loader = loader_of(sandbox, places)
    found = await loader.verify("builtin:echo", tmp_path)
    assert found.builtin
    assert found.manifest.id == "mcpg/echo"
    assert found.artifact.wasm == ECHO
    assert found.subject.keys == (KEY.public.id,)
    assert await loader.compile(found) == found.artifact.wasm_digest
    assert [artifact.release.id for artifact in await loader.verify_builtin() if artifact.release] == [
        "mcpg/echo",
        "mcpg/plain",
    ]


async def test_a_signed_layout_passes_all_steps(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    writer_of(WASM, A).write(tmp_path / "mirror")
    found = await loader_of(sandbox, places, trust=TRUST).verify(REFERENCE, tmp_path)
    assert not found.builtin
    assert found.subject.keys == (A.public.id,)
    digest = found.artifact.manifest_digest
    again = await loader_of(sandbox, places, trust=TRUST).verify(f"layout:mirror#acme/echo@{digest}", tmp_path)
    assert again.artifact == found.artifact


async def test_step_1_references(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    loader = loader_of(sandbox, places)
    await refused(loader, "nonsense", tmp_path, 1, "is no plugin reference")
    error = await refused(loader, "builtin:other", tmp_path, 1, "none of that name")
    assert "`echo`, `plain`" in error.remedy


async def test_step_2_there_is_no_store(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    reference = "ghcr.io/acme/echo@sha256:" + "a" * 64
    await refused(loader_of(sandbox, places), reference, tmp_path, 2, "there is no store")


async def test_step_2_layouts_that_are_none(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    loader = loader_of(sandbox, places, trust=TRUST)
    await refused(loader, REFERENCE, tmp_path, 2, "no directory")
    writer_of(WASM, A).write(tmp_path / "mirror")
    await refused(loader, "layout:mirror#acme/echo:9.9.9", tmp_path, 2, "has 0 entries")


async def test_step_3_two_layers(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    facts = facts_of(WASM)
    packed = pack_plugin(WASM, facts)
    document = json.loads(packed.blobs[packed.manifest.digest])
    document["layers"] *= 2
    bad = _repacked(packed, json.dumps(document).encode())
    writer = LayoutWriter()
    writer.add(bad, "acme/echo", "1.2.0", signatures=signatures_of(bad, facts, A))
    writer.write(tmp_path / "mirror")
    await refused(loader_of(sandbox, places, trust=TRUST), REFERENCE, tmp_path, 3, "found 2 layers")


def _repacked(packed: Any, manifest: bytes) -> Any:
    descriptor = describe(packed.manifest.media_type, manifest)
    return replace(packed, manifest=descriptor, blobs=dict(packed.blobs) | {descriptor.digest: manifest})


@pytest.mark.parametrize("broken", ["raises", "refuses", "gives none", "missing", "unsigned"])
async def test_step_4_without_a_list_nothing_loads(
    places: Places, sandbox: FakeSandbox, tmp_path: Path, broken: str
) -> None:
    class Source:
        def for_loading(self, now: int, **_: Any) -> Any:
            if broken == "raises":
                raise RuntimeError("secret detail")
            if broken == "refuses":
                raise PluginRefused("no")

    more: dict[str, Any] = {"revocations": Source()}
    if broken == "missing":
        (places.revocations / LIST).unlink()
        more = {}
    if broken == "unsigned":
        (places.revocations / LIST).write_bytes(b"{}")
        more = {}
    loader = loader_of(sandbox, places, trust=TRUST, development=True, **more)
    writer_of(WASM, A).write(tmp_path / "mirror")
    (tmp_path / "x.wasm").write_bytes(WASM)
    for reference in ("builtin:echo", REFERENCE, "file:x.wasm"):
        error = await refused(loader, reference, tmp_path, 4, "step 4")
        assert "secret detail" not in error.diagnostics()
    with pytest.raises(PluginRefused) as caught:
        await loader.verify_builtin()
    assert caught.value.step == 4
    assert not sandbox.loads


async def test_step_4_an_older_list_than_locked(sandbox: FakeSandbox, tmp_path: Path) -> None:
    newer = RevocationList(schema=1, version=7)
    places = bake(tmp_path / "program", revocations=newer)
    assert (await loader_of(sandbox, places).verify("builtin:echo", tmp_path)).builtin
    (places.revocations / LIST).write_bytes(sign_list(RevocationList(schema=1, version=6), [KEY]))
    await refused(loader_of(sandbox, places), "builtin:echo", tmp_path, 4, "found version 6, wanted at least 7")


async def test_step_5_and_6_signatures(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    loader = loader_of(sandbox, places, trust=TRUST)
    writer_of(WASM).write(tmp_path / "mirror")
    await refused(loader, REFERENCE, tmp_path, 5, "no signature of")
    writer_of(WASM, B).write(tmp_path / "mirror")
    await refused(loader, REFERENCE, tmp_path, 6, f"key `{B.public.id}` may not sign for `acme`")
    writer_of(WASM, A, repository="other/echo").write(tmp_path / "mirror")
    await refused(loader, "layout:mirror#other/echo:1.2.0", tmp_path, 6, "no rule of the trust policy")
    unknown = loader_of(sandbox, places)
    await refused(unknown, "layout:mirror#other/echo:1.2.0", tmp_path, 6, f"name the key `{A.public.id}`")


async def test_step_6_the_signature_of_another_plugin(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    writer, other = LayoutWriter(), packed_of(PLAIN)
    mine = packed_of(WASM)
    lent = signatures_of(other, facts_of(PLAIN), A)
    writer.add(mine, "acme/echo", "1.2.0", signatures=lent)
    writer.write(tmp_path / "mirror")
    error = await refused(loader_of(sandbox, places, trust=TRUST), REFERENCE, tmp_path, 6, "it is about")
    assert other.manifest.digest in error.message


async def test_step_7_no_release_statement(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    writer, packed = LayoutWriter(), packed_of(WASM)
    writer.add(packed, "acme/echo", "1.2.0", signatures=signatures_of(packed, facts_of(WASM), A)[:1])
    writer.write(tmp_path / "mirror")
    await refused(loader_of(sandbox, places, trust=TRUST), REFERENCE, tmp_path, 7, "found 0 valid release statements")


def _locked(wasm: bytes, **changes: Any) -> dict[str, Locked]:
    packed, facts = packed_of(wasm), facts_of(wasm)
    fields: dict[str, Any] = {
        "reference": REFERENCE,
        "manifest": packed.manifest.digest,
        "wasm": packed.wasm or "",
        "id": facts.id,
        "version": facts.version,
    }
    return {REFERENCE: Locked(**(fields | changes))}


async def test_step_8_the_lock(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    writer_of(WASM, A).write(tmp_path / "mirror")
    same = loader_of(sandbox, places, trust=TRUST, lock=_locked(WASM))
    assert (await same.verify(REFERENCE, tmp_path)).artifact.wasm == WASM
    newer = component(version="1.3.0")
    loader = loader_of(sandbox, places, trust=TRUST, lock=_locked(newer))
    await refused(loader, REFERENCE, tmp_path, 8, "`1.2.0`, which is older than the locked `1.3.0`")
    older = loader_of(sandbox, places, trust=TRUST, lock=_locked(component(version="1.1.0")))
    error = await refused(older, REFERENCE, tmp_path, 8, "found manifest")
    assert packed_of(WASM).manifest.digest in error.message
    renamed = loader_of(sandbox, places, trust=TRUST, lock=_locked(WASM, id="acme/other"))
    await refused(renamed, REFERENCE, tmp_path, 8, "wanted `acme/other 1.2.0`")


async def test_step_9_the_layer_is_not_the_released_one(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    facts, packed = facts_of(WASM), packed_of(WASM)
    lying = replace(packed, wasm=packed_of(PLAIN).wasm)
    writer = LayoutWriter()
    writer.add(packed, "acme/echo", "1.2.0", signatures=signatures_of(lying, facts, A))
    writer.write(tmp_path / "mirror")
    await refused(loader_of(sandbox, places, trust=TRUST), REFERENCE, tmp_path, 9, "wanted the released")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": "1.2.1"}, "annotation `dev.mcpg.plugin.version` is `1.2.1`, wanted `1.2.0`"),
        ({"id": "acme/other"}, "annotation `dev.mcpg.plugin.id`"),
        ({"section": "sha256:" + "0" * 64}, "annotation `dev.mcpg.plugin.section`"),
        ({"more": {"dev.mcpg.plugin.effects": "none"}}, "annotation `dev.mcpg.plugin.effects`"),
        ({"more": {"../../../evil": "harmless"}}, ""),
    ],
)
async def test_step_10_annotations_repeat_the_section(
    places: Places, sandbox: FakeSandbox, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    packed, writer = packed_of(WASM, **changes), LayoutWriter()
    writer.add(packed, "acme/echo", "1.2.0", signatures=signatures_of(packed, facts_of(WASM), A))
    writer.write(tmp_path / "mirror")
    loader = loader_of(sandbox, places, trust=TRUST)
    if told:
        await refused(loader, REFERENCE, tmp_path, 10, told)
    else:
        assert (await loader.verify(REFERENCE, tmp_path)).manifest.id == "acme/echo"


@pytest.mark.parametrize("field", ["id", "version", "world"])
async def test_step_10_the_release_is_of_this_very_component(
    places: Places, sandbox: FakeSandbox, tmp_path: Path, field: str
) -> None:
    told = {"id": "acme/other", "version": "9.0.0", "world": "mcpg:plugin/sink-plugin@1.0.0"}
    packed, writer = packed_of(WASM), LayoutWriter()
    stated = replace(facts_of(WASM), **{field: told[field]})
    writer.add(packed, "acme/echo", "latest", signatures=signatures_of(packed, stated, A))
    writer.write(tmp_path / "mirror")
    loader = loader_of(sandbox, places, trust=TRUST)
    await refused(loader, REFERENCE.replace("1.2.0", "latest"), tmp_path, 10, f"wanted the released `{told[field]}`")


@pytest.mark.parametrize(
    ("wasm", "told"),
    [
        (PREAMBLE, "no section"),
        (b"\0asm\x01\0\0\0", "core module"),
        (b"hello", "not a WebAssembly component"),
        (with_section(WASM, b"{}"), "more than one section"),
        (with_section(PREAMBLE, b"{"), "no JSON"),
        (with_section(PREAMBLE, b'{"schema":1,"schema":1}'), "twice"),
        (component(world="mcpg:plugin/sink-plugin@1.0.0"), "is not the world of kind"),
        (component(world="mcpg:plugin/backend-plugin@2.0.0"), "is not the world of kind"),
        (component(kind="other"), "Invalid enum value"),
        (component(surprise=1), "unknown field"),
        (component(config={"type": "nonsense"}), "a schema of the manifest cannot be used"),
        (component(config={"$ref": "https://example.com/schema.json"}), "Retrieval is disabled"),
        (component(binding={"$ref": "file:///etc/passwd"}), "Retrieval is disabled"),
        (component(memo=True, reads=["/run/now"]), "offers verdicts for the memo"),
    ],
)
async def test_step_10_components_that_do_not_describe_themselves(
    places: Places, sandbox: FakeSandbox, tmp_path: Path, wasm: bytes, told: str
) -> None:
    (tmp_path / "x.wasm").write_bytes(wasm)
    loader = loader_of(sandbox, places, development=True)
    error = await refused(loader, "file:x.wasm", tmp_path, 10, told)
    assert error.where == "plugin `file:x.wasm`"
    assert not sandbox.loads


async def test_step_10_the_revocation_list(sandbox: FakeSandbox, tmp_path: Path) -> None:
    def listed(**fields: str) -> RevocationList:
        entry = Entry(**({"id": "MCPG-1", "action": "block", "reason": "it leaks"} | fields))  # type: ignore[arg-type]
        return RevocationList(schema=1, version=1, entries=(entry,))

    where = tmp_path / "program"
    places = bake(where)
    found = await loader_of(sandbox, places).verify("builtin:echo", tmp_path)
    for fields in (
        {"manifest": found.subject.manifest},
        {"wasm": found.subject.wasm},
        {"plugin": "mcpg/echo", "versions": "<2.0.0"},
    ):
        loader = loader_of(sandbox, bake(where, revocations=listed(**fields)))
        await refused(loader, "builtin:echo", tmp_path, 10, "revoked: block by `MCPG-1`: it leaks")
        assert (await loader.verify("builtin:plain", tmp_path)).builtin
    loader = loader_of(sandbox, bake(where, revocations=listed(key=KEY.public.id)))
    await refused(loader, "builtin:plain", tmp_path, 6, "is revoked: it leaks")
    loader = loader_of(sandbox, bake(where, revocations=listed(wasm=found.subject.wasm, action="warn")))
    assert (await loader.verify("builtin:echo", tmp_path)).warnings == ("warn by `MCPG-1`: it leaks",)


async def test_step_12_a_forbidden_import(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(component(summary="forbidden"))
    loader = loader_of(sandbox, places, development=True)
    error = await refused(loader, "file:x.wasm", tmp_path, 12, "imports `wasi:sockets/tcp`")
    assert error.code == "forbidden-import"


async def test_bare_files_are_for_development_only(places: Places, sandbox: FakeSandbox, tmp_path: Path) -> None:
    (tmp_path / "x.wasm").write_bytes(WASM)
    await refused(loader_of(sandbox, places), "file:x.wasm", tmp_path, 1, "for development only")
    loader = loader_of(sandbox, places, development=True)
    found = await loader.verify("file:x.wasm", tmp_path)
    assert (found.builtin, found.artifact.keys, found.manifest.version) == (False, (), "1.2.0")
    await refused(loader, "file:missing.wasm", tmp_path, 9, "cannot read: no such file")


async def test_a_layout_in_a_tar_is_read_as_one_in_a_directory(
    places: Places, sandbox: FakeSandbox, tmp_path: Path
) -> None:
    writer = writer_of(WASM, A, repository="localhost:5000/acme/echo")
    with tarfile.open(tmp_path / "bundle.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in sorted(writer.files().items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    trust = TrustPolicy((rule_of(A, prefix="localhost:5000/acme"),))
    loader = loader_of(sandbox, places, trust=trust)
    found = await loader.verify("layout:bundle.tar#localhost:5000/acme/echo:1.2.0", tmp_path)
    assert found.subject.repository == "localhost:5000/acme/echo"
    (tmp_path / "bundle.tar").write_bytes((tmp_path / "bundle.tar").read_bytes().replace(b"acme/echo", b"acme/ecco"))
    await refused(loader, "layout:bundle.tar#localhost:5000/acme/echo:1.2.0", tmp_path, 2, "0 entries")
    (tmp_path / "bundle.tar").write_bytes(b"no tar")
    await refused(loader, "layout:bundle.tar#localhost:5000/acme/echo:1.2.0", tmp_path, 2, "tar")
