from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.contract.problems import PluginRefused
from mcpg_registry.references import (
    BuiltinReference,
    FileReference,
    LayoutReference,
    RegistryReference,
    is_named_repository,
    parse_reference,
)

DIGEST = "sha256:" + "ab" * 32
part = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?", fullmatch=True)
repository = st.lists(part, min_size=1, max_size=4).map("/".join)
tag = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
digest = st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}")
ending = st.one_of(
    tag.map(lambda t: f":{t}"), digest.map(lambda d: f"@{d}"), st.tuples(tag, digest).map(lambda p: f":{p[0]}@{p[1]}")
)
host = st.sampled_from(["ghcr.io", "localhost", "127.0.0.1:5000", "[::1]:5000", "registry-1.example.com:443"])


@given(repository, ending, host)
def test_what_is_written_is_what_is_read(repository: str, ending: str, host: str) -> None:
    for text in (f"{host}/{repository}{ending}", f"layout:some dir/m#1#{repository}{ending}"):
        reference = parse_reference(text)
        assert str(reference) == text
        assert isinstance(reference, RegistryReference | LayoutReference)
        assert reference.repository == repository


@given(st.text(max_size=80))
def test_any_text_is_a_reference_or_refused_at_step_1(text: str) -> None:
    refused: PluginRefused | None = None
    try:
        reference = parse_reference(text)
    except PluginRefused as error:
        refused = error
    if refused is None:
        assert parse_reference(str(reference)) == reference
    else:
        assert refused.step == 1
        assert refused.remedy
        assert "\n" not in refused.message


def test_the_four_forms() -> None:
    assert parse_reference("builtin:policy-cedar") == BuiltinReference("policy-cedar")
    assert parse_reference("file:../x y.wasm") == FileReference("../x y.wasm")
    assert parse_reference(f"layout:mirror#ghcr.io/acme/x:1.0.0@{DIGEST}") == LayoutReference(
        "mirror", "ghcr.io/acme/x", "1.0.0", DIGEST
    )
    assert parse_reference(f"ghcr.io/acme/x@{DIGEST}") == RegistryReference("ghcr.io", "acme/x", None, DIGEST)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "builtin:",
        "builtin:../x",
        "builtin:Policy",
        "builtin:a-",
        "builtin:a/b",
        "file:",
        "file:///etc/passwd",
        "layout:dir",
        "layout:dir#host:99999/acme/x:1",
        "layout:dir#host:0/acme/x:1",
        "layout:dir#host/acme:5/x:1",
        "layout:dir#localhost:5000/../x:1",
        "layout:dir#a b:5000/x:1",
        "layout:#acme/x:1",
        "layout:dir#acme/x",
        "layout:dir#../x:1",
        "layout:dir#acme//x:1",
        "layout:dir#acme/x:",
        "layout:dir#acme/x:.hidden",
        "layout:dir#acme/x@",
        "layout:dir#acme/x@sha256:" + "AB" * 32,
        "layout:dir#acme/x@sha256:" + "ab" * 31,
        "layout:dir#acme/x@sha512:" + "ab" * 64,
        "layout:dir#acme/x@sha256:../../../../etc/passwd",
        f"layout:dir#acme/x@{DIGEST}@{DIGEST}",
        f"layout:dir#acme/x@{DIGEST}\n",
        "acme/x:1.0",
        "ghcr.io/Acme/x:1",
        "ghcr.io/acme/x",
        "ghcr.io:99999/acme/x:1",
        "ghcr.io:0/acme/x:1",
        "-ghcr.io/acme/x:1",
        "user@ghcr.io/acme/x:1",
        "https://ghcr.io/acme/x:1",
        "ghcr.io/" + "a" * 300 + ":1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PluginRefused) as caught:
        parse_reference(text)
    assert caught.value.step == 1


@pytest.mark.parametrize(
    "name", ["localhost:5000/acme/x", "[::1]:5000/acme/x", "registry.corp:5000/x", "ghcr.io/acme/x"]
)
def test_a_name_in_a_layout_may_begin_with_the_host_that_it_came_from(name: str) -> None:
    assert is_named_repository(name)
    for ending, tag, digest in ((":1.0.0", "1.0.0", None), (f"@{DIGEST}", None, DIGEST)):
        found = parse_reference(f"layout:bundle.tar#{name}{ending}")
        assert found == LayoutReference("bundle.tar", name, tag, digest)
        assert parse_reference(str(found)) == found


@pytest.mark.parametrize("name", ["", "x:5000/", "x:5000", "../x", "a:b:c/x", "x:5000/Acme", "-x:5000/acme", "x" * 400])
def test_what_is_no_name_with_a_host(name: str) -> None:
    assert not is_named_repository(name)
