from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.plugins.supplies import KEY, NAME, OTHER, TRUST, WASM, Lists, layout_in, puller_of
from tests.registry.artifacts import NOW, component, rule_of

from mcpg.contract.problems import McpgError, PluginRefused
from mcpg.plugins.pulling import Wish
from mcpg_registry import media
from mcpg_registry.digests import digest_bytes, hex_of
from mcpg_registry.manifests import Descriptor
from mcpg_registry.store import Store
from mcpg_registry.trust.policy import Rule, TrustedKey, TrustPolicy
from mcpg_revocations.lists import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.kitchen import FakeSandbox

REFERENCE = f"layout:mirror#{NAME}:1.2.0"
OLDER, NEWER = component(version="1.1.0"), component(version="1.3.0")


def files_of(store: Store) -> dict[str, bytes]:
    found = [path for path in store.directory.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {path.name: path.read_bytes() for path in found if path.name != "lock"}


async def refused(puller: Any, wish: Wish, step: int, told: str, store: Store) -> PluginRefused:
    before = files_of(store)
    with pytest.raises(PluginRefused, match=told) as caught:
        await puller.pull(wish)
    assert caught.value.step == step
    assert files_of(store) == before
    return caught.value


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


async def test_a_layout_is_pulled_into_the_store(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    digest, seen = layout_in(tmp_path / "mirror"), []
    puller = puller_of(store, sandbox, progress=lambda *told: seen.append(told))
    done = await puller.pull(Wish(REFERENCE, tmp_path))
    assert (done.fresh, done.fetched, done.source) == (True, len(WASM), "layout mirror")
    assert seen == [(REFERENCE, len(WASM), len(WASM))]
    assert done.receipt == store.receipt(NAME, done.claim.manifest.digest)
    assert (done.receipt.keys, done.receipt.revocations, done.receipt.verified_at) == ((KEY.public.id,), 5, NOW)
    locked = done.locked()
    assert (locked.manifest, locked.wasm, locked.version) == (digest, digest_bytes(WASM), "1.2.0")
    assert done.document()["digest"] == digest
    again = await puller.pull(Wish(REFERENCE, tmp_path))
    assert (again.fresh, again.fetched) == (False, 0)
    offline = await puller.pull(Wish(f"{NAME}@{digest}", tmp_path))
    assert (offline.source, offline.fetched) == ("the store", 0)
    by_tag = await puller.pull(Wish(f"{NAME}:1.2.0", tmp_path))
    assert by_tag.receipt.digest == digest


async def test_a_mirror_stands_in_for_the_registry(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    digest = layout_in(tmp_path / "far")
    done = await puller_of(store, sandbox).pull(Wish(f"{NAME}:1.2.0", tmp_path, mirror=tmp_path / "far"))
    assert (done.receipt.repository, done.receipt.digest) == (NAME, digest)
    other = Wish("ghcr.io/acme/other:1.2.0", tmp_path, mirror=tmp_path / "far")
    await refused(puller_of(store, sandbox), other, 2, "has 0 entries", store)


@pytest.mark.parametrize("reference", ["builtin:echo", "file:x.wasm", "nonsense"])
async def test_step_1_what_is_not_pulled(tmp_path: Path, store: Store, sandbox: FakeSandbox, reference: str) -> None:
    await refused(puller_of(store, sandbox), Wish(reference, tmp_path), 1, "step 1, reference", store)


async def test_step_2_offline_and_not_in_the_store(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    await refused(puller_of(store, sandbox), Wish(f"{NAME}:1.2.0", tmp_path), 2, "the store has 0 plugins", store)


async def test_step_4_no_list_no_pull(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    class Dead(Lists):
        def for_loading(self, *_: Any, **__: Any) -> Any:
            raise PluginRefused("step 4, revocation list: it is dead", step=4)

    layout_in(tmp_path / "mirror")
    await refused(puller_of(store, sandbox, revocations=Dead()), Wish(REFERENCE, tmp_path), 4, "dead", store)


async def test_step_6_another_signer(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror", WASM, OTHER)
    await refused(puller_of(store, sandbox), Wish(REFERENCE, tmp_path), 6, "may not sign", store)


async def test_step_6_no_rule_names_the_keys(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror")
    puller = puller_of(store, sandbox, trust=TrustPolicy())
    error = await refused(puller, Wish(REFERENCE, tmp_path), 6, f"name the key `{KEY.public.id}`", store)
    assert "--key" in error.remedy


async def test_step_6_a_revoked_key(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror")
    lists = Lists((Entry(id="R1", action="block", reason="stolen", key=KEY.public.id),))
    await refused(puller_of(store, sandbox, revocations=lists), Wish(REFERENCE, tmp_path), 6, "stolen", store)


async def test_signatures_are_verified_off_the_event_loop(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    class Watched(TrustPolicy):
        def rule_for(self, *names: Any, **more: Any) -> Rule:
            seen.append(threading.get_ident())
            return TRUST.rule_for(*names, **more)

    seen: list[int] = []
    layout_in(tmp_path / "mirror")
    await puller_of(store, sandbox, trust=Watched()).pull(Wish(REFERENCE, tmp_path))
    assert seen
    assert threading.get_ident() not in seen


async def test_step_7_a_tag_that_was_moved_to_another_version(
    tmp_path: Path, store: Store, sandbox: FakeSandbox
) -> None:
    layout_in(tmp_path / "mirror", OLDER, tag="1.2.0")
    told = "the tag `1.2.0` names the release of version `1.1.0`"
    await refused(puller_of(store, sandbox), Wish(REFERENCE, tmp_path), 7, told, store)


async def test_step_8_the_lock_decides(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror", tag="latest")
    puller, wish = puller_of(store, sandbox), Wish(f"layout:mirror#{NAME}:latest", tmp_path)
    locked = (await puller.pull(wish)).locked()
    await puller.pull(replace(wish, locked=locked))
    layout_in(tmp_path / "mirror", NEWER, tag="latest")
    await refused(puller, replace(wish, locked=locked), 2, "has 0 entries", store)
    told = await puller.pull(replace(wish, locked=locked, relock=True))
    assert told.receipt.version == "1.3.0"
    locked = told.locked()
    layout_in(tmp_path / "mirror", OLDER, tag="latest")
    await refused(puller, replace(wish, locked=locked, relock=True), 8, "`1.1.0`, which is older", store)
    down = await puller.pull(replace(wish, locked=locked, relock=True, allow_downgrade=True))
    assert down.receipt.version == "1.1.0"


async def test_step_8_the_locked_digest_is_taken_whatever_the_tag_means(
    tmp_path: Path, store: Store, sandbox: FakeSandbox
) -> None:
    layout_in(tmp_path / "far", tag="latest")
    puller, wish = puller_of(store, sandbox), Wish(f"{NAME}:latest", tmp_path, mirror=tmp_path / "far")
    locked = (await puller.pull(wish)).locked()
    layout_in(tmp_path / "far", NEWER, tag="latest")
    await puller.pull(replace(wish, mirror=None))
    assert (await puller.pull(replace(wish, mirror=None, locked=locked))).receipt.version == "1.2.0"
    await refused(puller, replace(wish, locked=locked), 2, "has 0 entries", store)


async def test_step_8_another_plugin_in_the_place_of_the_locked(
    tmp_path: Path, store: Store, sandbox: FakeSandbox
) -> None:
    layout_in(tmp_path / "mirror", tag="latest")
    puller, wish = puller_of(store, sandbox), Wish(f"layout:mirror#{NAME}:latest", tmp_path)
    locked = (await puller.pull(wish)).locked()
    layout_in(tmp_path / "mirror", component(id="acme/other", version="2.0.0"), tag="latest")
    await refused(puller, replace(wish, locked=locked, relock=True), 8, "found plugin `acme/other`", store)


@pytest.mark.parametrize("how", ["one byte", "gone"])
async def test_step_9_the_layer(tmp_path: Path, store: Store, sandbox: FakeSandbox, how: str) -> None:
    layout_in(tmp_path / "mirror")
    blob = tmp_path / "mirror" / "blobs" / "sha256" / hex_of(digest_bytes(WASM))
    blob.unlink()
    if how == "one byte":
        blob.write_bytes(WASM[:-1] + b"!")
    await refused(puller_of(store, sandbox), Wish(REFERENCE, tmp_path), 9, "blob", store)
    assert not list(store.partials.iterdir())


async def test_step_9_garbage_of_an_earlier_try_does_no_harm(
    tmp_path: Path, store: Store, sandbox: FakeSandbox
) -> None:
    layout_in(tmp_path / "mirror")
    ingest = store.ingest(Descriptor(media.WASM, digest_bytes(WASM), len(WASM)))
    assert ingest is not None
    with ingest:
        ingest.write(b"garbage")
    assert (await puller_of(store, sandbox).pull(Wish(REFERENCE, tmp_path))).fresh


@pytest.mark.parametrize(
    ("wasm", "told"),
    [
        (component(b"\0asm\x0d\0\x01\0\0\x0a\x09forbidden"), "wasi:sockets"),
        (component(kind="policy"), "kind"),
    ],
)
async def test_step_10_the_component(
    tmp_path: Path, store: Store, sandbox: FakeSandbox, wasm: bytes, told: str
) -> None:
    layout_in(tmp_path / "mirror", wasm)
    await refused(puller_of(store, sandbox), Wish(REFERENCE, tmp_path), 10, told, store)
    assert store.sizes().blobs == 0
    assert store.sizes().partials == 0


async def test_step_10_a_revoked_plugin(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror")
    lists = Lists((Entry(id="R1", action="kill", reason="bad", plugin="acme/echo", versions="*"),))
    await refused(puller_of(store, sandbox, revocations=lists), Wish(REFERENCE, tmp_path), 10, "kill by `R1`", store)
    assert store.sizes().blobs == 0


async def test_a_warning_is_told(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror")
    lists = Lists((Entry(id="R1", action="warn", reason="old", plugin="acme/echo", versions="*"),))
    done = await puller_of(store, sandbox, revocations=lists).pull(Wish(REFERENCE, tmp_path))
    assert done.warnings == ("warn by `R1`: old",)


async def test_a_key_that_expired_since_it_was_locked_warns_and_stops_nothing(
    tmp_path: Path, store: Store, sandbox: FakeSandbox
) -> None:
    layout_in(tmp_path / "mirror")
    rule = Rule("ghcr.io/acme", (TrustedKey(KEY.public, not_after=NOW + 10),))
    puller = puller_of(store, sandbox, trust=TrustPolicy((rule,)))
    locked = (await puller.pull(Wish(REFERENCE, tmp_path))).locked()
    late = puller_of(store, sandbox, trust=TrustPolicy((rule,)), clock=lambda: NOW + 20)
    await refused(late, Wish(REFERENCE, tmp_path), 6, "has expired", store)
    done = await late.pull(Wish(REFERENCE, tmp_path, locked=locked))
    assert done.warnings == (f"key `{KEY.public.id}` has expired since this digest was locked",)


async def test_many_pulls_of_the_same_at_once(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror")
    pullers = [puller_of(Store(store.directory), sandbox) for _ in range(6)]
    done = await asyncio.gather(*(puller.pull(Wish(REFERENCE, tmp_path)) for puller in pullers))
    assert len({each.receipt.text() for each in done}) == 1
    assert sum(each.fetched > 0 for each in done) == 1
    assert store.sizes().partials == 0


async def test_whoever_waits_for_another_says_so_and_goes_on_when_it_has_gone(
    tmp_path: Path, store: Store, sandbox: FakeSandbox
) -> None:
    layout_in(tmp_path / "mirror")
    told, waiting = [], asyncio.Event()
    ingest = store.ingest(Descriptor(media.WASM, digest_bytes(WASM), len(WASM)))
    assert ingest is not None

    def tell(line: str) -> None:
        told.append(line)
        waiting.set()

    task = asyncio.create_task(puller_of(store, sandbox, tell=tell).pull(Wish(REFERENCE, tmp_path)))
    with ingest:
        ingest.write(WASM[:10])
        await waiting.wait()
        assert store.collect() is None
    assert (await task).fetched > 0
    assert told == [f"plugin `{REFERENCE}`: another process is pulling it, waiting"]


async def test_a_pull_that_is_cancelled_leaves_no_lock(tmp_path: Path, store: Store, sandbox: FakeSandbox) -> None:
    layout_in(tmp_path / "mirror")
    inside = asyncio.Event()

    class Slow:
        async def load(self, *_: Any, **__: Any) -> None:
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(puller_of(store, Slow()).pull(Wish(REFERENCE, tmp_path)))  # type: ignore[arg-type]
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.receipts() == ()
    assert (await puller_of(store, sandbox).pull(Wish(REFERENCE, tmp_path))).fresh
    assert store.collect() is not None


async def test_step_11_a_store_that_is_full_is_left_as_it_was(
    tmp_path: Path, store: Store, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcpg_registry.store.MAX_RECEIPTS", 1)
    layout_in(tmp_path / "mirror")
    puller = puller_of(store, sandbox)
    await puller.pull(Wish(REFERENCE, tmp_path))
    layout_in(tmp_path / "newer", NEWER, tag="1.3.0")
    wish = Wish(f"layout:newer#{NAME}:1.3.0", tmp_path)
    before = {path: path.read_bytes() for path in store.blobs.iterdir()}, store.receipts()
    with pytest.raises(McpgError, match="the store has 1 plugins, which is as many as it takes") as caught:
        await puller.pull(wish)
    assert (type(caught.value), caught.value.code) == (McpgError, "store-full"), "nobody is distrusted for it"
    assert "mcpg plugin remove" in caught.value.remedy
    assert ({path: path.read_bytes() for path in store.blobs.iterdir()}, store.receipts()) == before
    assert not (await puller.pull(Wish(REFERENCE, tmp_path))).fresh


async def test_a_pull_that_is_cancelled_while_it_installs_ends_with_all_of_it(
    tmp_path: Path, store: Store, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, done = threading.Event(), threading.Event(), threading.Event()
    install = Store.install

    def slow(*given: Any) -> Any:
        begun.set()
        go.wait(20)
        try:
            return install(*given)
        finally:
            done.set()

    monkeypatch.setattr(Store, "install", slow)
    layout_in(tmp_path / "mirror")
    task = asyncio.create_task(puller_of(store, sandbox).pull(Wish(REFERENCE, tmp_path)))
    assert await asyncio.to_thread(begun.wait, 20)
    task.cancel()
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(go.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    assert await asyncio.to_thread(done.wait, 20)
    assert [receipt.version for receipt in store.receipts()] == ["1.2.0"]
    assert list(store.partials.iterdir()) == []


async def test_a_disk_that_fails_is_no_question_of_trust(
    tmp_path: Path, store: Store, sandbox: FakeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout_in(tmp_path / "mirror")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mcpg_registry.store.write_whole", full)
    with pytest.raises(McpgError, match="no space left on device") as caught:
        await puller_of(store, sandbox).pull(Wish(REFERENCE, tmp_path))
    assert not isinstance(caught.value, PluginRefused)
    assert caught.value.code == "store-unavailable"
    assert store.receipts() == ()


def test_the_rule_of_these_tests_trusts_one_key() -> None:
    assert TRUST.rules == (rule_of(KEY, prefix="ghcr.io/acme"),)
