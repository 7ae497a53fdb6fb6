"""The Python SDK in the sandbox: what would trap is an error with a remedy, and an instance outlives all of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.workshop.author import Author

from mcpg.contract.verdicts import Case, ok
from mcpg.workshop.stand import stand

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

PLUGIN = """\
import asyncio, datetime, json, logging, os, random, socket, subprocess, threading, time, uuid
from datetime import datetime as now_of
from pathlib import Path
from time import time as clock
import humanize
from mcpg_sdk import abstain, deny, http, log, permit, policy

BESIDE = Path(__file__).with_name("words.txt").read_text()


@policy
class Probe:
    def __init__(self, config):
        self.kept = []

    def decide(self, caller, action):
        return deny("value", repr(eval(action["arguments"]["code"])))

    def see(self, caller, actions):
        try:
            while True:
                http(url="https://x.test")
        except:
            return "p" * len(actions)
"""
REMEDIES = {
    "time.time()": "/run/now",
    "clock()": "/run/now",
    "time.monotonic()": "/run/now",
    "time.strftime('%Y')": "/run/now",
    "datetime.datetime.now()": "/run/now",
    "now_of.now()": "/run/now",
    "datetime.date.today()": "/run/now",
    "time.sleep(1)": "straight-line",
    "random.random()": "/run/seed",
    "random.Random()": "/run/seed",
    "os.urandom(8)": "/run/seed",
    "uuid.uuid4()": "/run/seed",
    "open('/etc/passwd')": "no files",
    "Path('/x').read_text()": "no files",
    "os.listdir('/')": "no files",
    "socket.create_connection(('127.0.0.1', 80))": "http(url=...)",
    "socket.socket()": "http(url=...)",
    "subprocess.run(['ls'])": "command(argv=[...])",
    "threading.Thread(target=print).start()": "straight-line",
    "asyncio.run(None)": "straight-line",
    "input()": "ask_client",
    "__import__('sqlite3')": "import it at the top",
    "{}['missing']": "KeyError: 'missing'",
    "exit(3)": "SystemExit: 3",
    "(lambda f: f(f))(lambda f: f(f))": "RecursionError",
    "'x' * 2**31": "Error",
}
WORKS = {
    "random.Random(5).random()": "0.6229016948897019",
    "(random.seed(5), random.random())[1]": "0.6229016948897019",
    "now_of.fromtimestamp(0, datetime.timezone.utc).year": "1970",
    "now_of.strptime('2026-11-21', '%Y-%m-%d').day": "21",
    "time.gmtime(0).tm_year": "1970",
    "Path('/x').exists()": "False",
    "humanize.intcomma(12345)": "'12,345'",
    "BESIDE": "'read while it was built'",
}
TOLD = ("print('a', 'b')", "logging.warning('a b')", "log('debug', 'a b')")


@pytest.fixture(scope="module")
def wasm(toolchains: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    author = Author(tmp_path_factory.mktemp("author"), toolchains)
    project = author.new("probe", "policy", "python")
    manifest = json.loads((project / "manifest.json").read_text())
    manifest |= {"reads": ["/action/arguments"], "memo": False}
    manifest["effects"] = [{"driver": "log", "why": "print"}, {"driver": "http", "why": "loop"}]
    manifest["limits"] = {"memory": "64MiB", "time": "5s"}
    (project / "manifest.json").write_text(json.dumps(manifest))
    (project / "plugin.py").write_text(PLUGIN)
    (project / "words.txt").write_text("read while it was built")
    (project / "requirements.txt").write_text("humanize==4.12.0\n")
    author.mcpg("plugin", "build", cwd=project)
    return project / "out" / "probe.wasm"


async def test_what_the_sandbox_lacks_is_an_error_with_a_remedy(wasm: Path, compiled: Path) -> None:
    async with stand(wasm, {}, cache=compiled) as probe:

        async def ask(code: str, *replies: Case) -> Case:
            return await probe.ask("decide", {"action": {"arguments": {"code": code}}}, replies)

        for code, remedy in REMEDIES.items():
            answer = await ask(code)
            assert answer.tag == "failed", (code, answer)
            assert answer.value.code == "plugin-error", code
            assert remedy in answer.value.message, (code, answer)
        for code, value in WORKS.items():
            answer = await ask(code)
            assert (answer.tag, answer.value[1]) == ("deny", value), code
        for code in TOLD:
            await _told(await ask(code), await ask(code, ok("{}")))


async def _told(first: Case, second: Case) -> None:
    (line,) = first.value
    assert line.driver == "log"
    request = json.loads(line.request)
    assert (request["level"], request["message"].removeprefix("WARNING:root:")) == ("debug", "a b")
    assert second.tag == "deny"


async def test_a_catch_all_does_not_swallow_the_signal(wasm: Path, compiled: Path) -> None:
    asked: dict[str, Any] = {"actions": [{"name": "a"}, {"name": "b"}]}
    async with stand(wasm, {}, cache=compiled) as probe:
        first = await probe.ask("see", asked)
        assert (first.tag, len(first.value)) == ("perform", 1)
        second = await probe.ask("see", asked, [ok('{"status": 200}')])
        assert (second.tag, len(second.value)) == ("perform", 2)
        assert second.value[0] == first.value[0]


async def test_an_instance_survives_many_passes_and_failures(wasm: Path, compiled: Path) -> None:
    codes = ["http(url='https://x.test')", "1 / 0", "'x' * 100000 and 5", "[{} for _ in range(10000)] and 6"]
    async with stand(wasm, {}, cache=compiled) as probe:
        questions = [probe.prepare("decide", {"action": {"arguments": {"code": code}}}) for code in codes]
        first = [await probe.make(question) for question in questions]
        assert [answer.tag for answer in first] == ["perform", "failed", "deny", "deny"]
        for _ in range(500):
            assert [await probe.make(question) for question in questions] == first
