"""A dev session for each kind of plugin: around a built-in component of it, something can be called at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.components.conftest import _components
from tests.workshop.dev_sessions import save, session, text

from mcpg.workshop.dev.calling import Calling
from mcpg.workshop.dev.witness import shown_headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.workshop.dev_sessions import Told

    from mcpg.workshop.dev.session import Session

TOKEN = "a-token-of-the-developer"


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture
async def dev(tmp_path: Path, compiled: Path) -> Any:
    """Start a session on a built-in component, with what dev.yaml would say."""

    def start(name: str, **given: Any) -> AsyncIterator[tuple[Session, Told]]:
        wasm, file = tmp_path / f"{name}.wasm", tmp_path / "given.yaml"
        save(wasm, _components()[name])
        file.write_text(yaml.safe_dump({"config": {}, **given}))
        return session(wasm, config_of=file, cache=compiled)

    return start


async def test_an_identity_plugin_stands_before_the_anonymous_caller(dev: Any) -> None:
    async with dev("identity-anonymous", config={"groups": ["staff"]}) as (_, told):
        assert "tools: echo, remove" in told.notes
        [run] = told.of("identify")
        assert run.answer.tag == "caller"


async def test_a_policy_stands_between_the_caller_and_mock_tools(dev: Any, tmp_path: Path) -> None:
    (tmp_path / "rules.cedar").write_text('permit(principal, action, resource) when { resource.name == "echo" };')
    async with dev("policy-cedar", config={"policies": "rules.cedar"}) as (made, told):
        assert "tools: echo" in told.notes
        assert '"hello"' in text(await Calling(made._served.gateway).call("echo", {}))
        await told.until(lambda: told.of("decide"))
        assert told.of("decide")[0].answer.tag == "permit"


async def test_a_limit_is_asked_before_and_after(dev: Any) -> None:
    rules = [{"per": ["caller"], "burst": 2, "per_second": 1}]
    async with dev("limit-rate", config={"rules": rules}) as (made, told):
        await Calling(made._served.gateway).call("echo", {})
        await told.until(lambda: told.of("settle"))
        assert told.of("reserve")[0].answer.tag == "charge"


async def test_a_backend_has_the_tools_of_its_own(dev: Any) -> None:
    async with dev("backend-mock", config={"tools": [{"name": "now", "mock": {"text": "noon"}}]}) as (made, told):
        assert "tools: now" in told.notes
        assert text(await Calling(made._served.gateway).call("now", {})) == "noon"
        await told.until(lambda: told.of("call"))
        described, found = told.runs[0]
        assert (described.function, described.answer.tag) == ("describe", "catalog")
        assert found.need.memory


async def test_tools_are_bound_to_a_backend_as_an_operator_binds_them(dev: Any) -> None:
    async with dev("backend-mock", tools={"bound": {"mock": {"text": "yes"}}}) as (made, _):
        assert text(await Calling(made._served.gateway).call("bound", {})) == "yes"


async def test_a_catalog_plugin_shapes_what_is_listed(dev: Any) -> None:
    async with dev("catalog-curate", config={"rules": [{"tools": ["remove"], "hide": True}]}) as (_, told):
        assert "tools: echo" in told.notes
        assert told.of("shape")[0].answer.tag == "ok"


async def test_a_credential_goes_to_a_server_that_never_says_it(dev: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEV_TOKEN", TOKEN)
    known = {"example": {"secret": "secret://env/DEV_TOKEN"}}
    async with dev("credential-static", config={"credentials": known}) as (made, told):
        assert "tools: fetch" in told.notes
        said = text(await Calling(made._served.gateway).call("fetch", {}))
        assert f'"characters": {len(TOKEN)}' in said.replace('":', '": ').replace("  ", " ")
        await told.until(lambda: told.of("issue-for"))
        assert TOKEN not in said + repr(told.runs)


async def test_a_sink_gets_the_sessions_records(dev: Any) -> None:
    async with shown_headers() as port:
        grant = {"hosts": ["127.0.0.1"], "schemes": ["http"], "ports": [port], "methods": ["POST"], "private": True}
        url = f"http://127.0.0.1:{port}/in"
        async with dev("sink-http", config={"url": url}, grants={"http": grant}) as (made, told):
            await Calling(made._served.gateway).call("echo", {})
            await told.until(lambda: told.of("deliver"))
            assert told.of("deliver")[0].answer.tag == "delivered"
