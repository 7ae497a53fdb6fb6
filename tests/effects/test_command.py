"""The `command` driver with real processes: each grant field, limits, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.effects.kit import Memory, Use, using

from mcpg.contract.problems import ConfigError, EffectDenied
from mcpg.effects.command import CommandDriver
from mcpg.effects.desk import Desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SHELL = str(Path("/bin/sh"))
ANY = {"arguments": ["-c", r"[\s\S]*"]}


@asynccontextmanager
async def programs(*entries: dict[str, Any], **more: Any) -> AsyncIterator[Use]:
    secrets = {"env": Memory(TOKEN="s3cr3t-value")}
    async with using(CommandDriver(**more), {"command": {"programs": list(entries)}}, secrets=secrets) as use:
        yield use


@asynccontextmanager
async def shell(**entry: Any) -> AsyncIterator[Use]:
    """Let a test say what the program does; the driver itself knows no shell."""
    async with programs({"path": SHELL, **ANY, **entry}) as use:
        yield use


def script(text: str) -> list[str]:
    return [SHELL, "-c", text]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return False


async def gone(*pids: int) -> bool:
    """Whether processes that were killed have ended; the kernel may need a moment more than the call that killed."""
    async with asyncio.timeout(10):
        while any(map(alive, pids)):  # noqa: ASYNC110 - a process of nobody's has no event
            await asyncio.sleep(0.01)
    return True


async def test_status_stdout_and_stderr_come_back() -> None:
    async with shell() as use:
        answer = await use.ok(argv=script("cat; echo bad >&2; exit 3"), stdin="hé")
        assert answer == {"status": 3, "stdout": "hé", "stderr": "bad\n"}
        assert (await use.ok(argv=script("kill -9 $$")))["status"] == -9


async def test_path_allows_and_denies(tmp_path: Path) -> None:
    async with shell() as use:
        use.check(argv=script("true"))
        for path in ("sh", "/bin/../bin/sh", "/bin/true", str(tmp_path / "sh"), ""):
            with pytest.raises(EffectDenied, match="`programs`"):
                use.check(argv=[path, "-c", "true"])


ARGUMENTS = [
    ({"arguments": []}, [], ["x"]),
    ({"arguments": ["log|show"]}, ["log"], ["log; rm"]),
    ({"arguments": ["log", r"\d+"]}, ["log", "12"], ["log"]),
    ({"arguments": ["log"]}, ["log"], ["log", "more"]),
    ({"arguments": ["[a-z]+"]}, ["abc"], ["abc\n"]),
    ({"arguments": [".*"]}, ["abc"], ["-abc"]),
    ({"arguments": [".*"]}, ["abc"], ["--upload=x"]),
    ({"arguments": [r"-n|--count"]}, ["-n"], ["-x"]),
    ({"arguments": [], "rest": r"\w+"}, ["a", "b", "c"], ["a", "b/c"]),
    ({"arguments": ["a"], "rest": r"\w+"}, ["a"], ["b"]),
    ({"arguments": [], "rest": ".*"}, ["a"], ["a", "-b"]),
    ({"arguments": [r"[\s\S]*"]}, ["x" * 4096], ["x" * 4097]),
    ({"arguments": [r"[\s\S]*"]}, ["x"], ["x\0y"]),
]


@pytest.mark.parametrize(("entry", "inside", "outside"), ARGUMENTS)
async def test_arguments_and_rest_allow_and_deny(entry: dict[str, Any], inside: list[str], outside: list[str]) -> None:
    async with programs({"path": SHELL, **entry}) as use:
        use.check(argv=[SHELL, *inside])
        with pytest.raises(EffectDenied, match="argument"):
            use.check(argv=[SHELL, *outside])


async def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    echo = tmp_path / "show"
    echo.write_text('#!/bin/sh\nfor one in "$@"; do echo "<$one>"; done\n')
    echo.chmod(0o755)
    async with programs({"path": str(echo), "arguments": [".*", ".*"]}) as use:
        evil = ["$(id); `id` | cat > x", "*"]
        assert (await use.ok(argv=[str(echo), *evil]))["stdout"] == f"<{evil[0]}>\n<*>\n"


async def test_environment_is_the_granted_one_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPG_PRIVATE", "hidden")
    async with shell(environment={"LANG": "C"}) as use:
        seen = (await use.ok(argv=script("/usr/bin/env")))["stdout"].split()
        assert "LANG=C" in seen
        assert {line.partition("=")[0] for line in seen} <= {"LANG", "PWD", "SHLVL", "_", "OLDPWD"}


async def test_a_secret_in_the_environment_arrives_and_may_not_come_back() -> None:
    async with shell(environment={"T": {"$secret": "secret://env/TOKEN", "prefix": "x-"}}) as use:
        assert (await use.ok(argv=script('[ "$T" = x-s3cr3t-value ] && echo same')))["stdout"] == "same\n"
        for text in ('echo "$T"', 'echo "$T" >&2', "echo $T | base64"):
            code, said = await use.failed(argv=script(f"PATH=/usr/bin:/bin; {text}"))
            assert (code, "s3cr3t" in said) == ("secret-echoed", False)


async def test_cwd_is_the_granted_one(tmp_path: Path) -> None:
    async with shell(cwd=str(tmp_path)) as use:
        assert (await use.ok(argv=script("pwd -P")))["stdout"].strip() == os.path.realpath(tmp_path)  # noqa: ASYNC240 - a test
    async with shell() as use:
        assert (await use.ok(argv=script("pwd")))["stdout"].strip() == "/"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
async def test_user_is_the_granted_one() -> None:
    async with shell(user=65534) as use:
        identity = (await use.ok(argv=script("PATH=/usr/bin:/bin; id -u; id -G")))["stdout"].split()
        assert identity == ["65534", identity[1]]
        assert "0" not in identity


async def test_stdin_allows_and_denies() -> None:
    async with shell(stdin="4B") as use:
        assert (await use.ok(argv=script("cat"), stdin="1234"))["stdout"] == "1234"
        with pytest.raises(EffectDenied, match="`stdin`"):
            use.check(argv=script("cat"), stdin="12345")
        use.blobs.put(b"12345", "a/b")
        reference = {"$ref": "blob-0", "size": 1, "sha256": ""}
        assert "`stdin`" in (await use.failed(argv=script("cat"), stdin=reference))[1]
        assert "no body" in (await use.failed(argv=script("cat"), stdin={**reference, "$ref": "x"}))[1]
    async with shell() as use:
        use.blobs.put(b"12345", "a/b")
        assert (await use.ok(argv=script("cat"), stdin=reference))["stdout"] == "12345"
        assert (await use.ok(argv=script("exit 0"), stdin="x" * 60_000))["status"] == 0


async def test_output_is_bounded_while_it_is_read() -> None:
    async with shell(limits={"output": "1KiB"}) as use:
        answer = await use.ok(argv=script("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"))
        assert (len(answer["stdout"]), answer["truncated"], answer["status"] < 0) == (1024, True, True)
        assert "truncated" not in await use.ok(argv=script("echo fits"))


async def test_large_and_binary_output_stay_in_the_host() -> None:
    async with shell() as use:
        text = (await use.ok(argv=script("PATH=/usr/bin:/bin; head -c 70000 /dev/zero | tr '\\0' x")))["stdout"]
        assert (text["size"], text["media"]) == (70_000, "text/plain")
        assert (await use.ok(argv=script(r"printf '\377'")))["stdout"]["media"] == "application/octet-stream"


async def test_limits_hold(tmp_path: Path) -> None:
    program = f"import resource; print(*(resource.getrlimit(resource.RLIMIT_{{}})[1] for _ in (1,)))"  # noqa: F541 - braces
    for field, value, name, expected in (
        ("cpu", "7s", "CPU", 7),
        ("memory", "300MiB", "AS", 300 << 20),
        ("files", 9, "NOFILE", 9),
        ("processes", 11, "NPROC", 11),
        ("file_size", "2KiB", "FSIZE", 2048),
    ):
        entry = {"path": sys.executable, "arguments": ["-I", "-c", r"[\s\S]*"], "limits": {field: value}}
        async with programs(entry) as use:
            answer = await use.ok(argv=[sys.executable, "-I", "-c", program.format(name)])
            assert answer["stdout"].split() == [str(expected)], answer
    async with shell(limits={"file_size": "1KiB"}, cwd=str(tmp_path)) as use:
        await use.ok(argv=script("PATH=/usr/bin:/bin; head -c 5000 /dev/zero > f"))
        assert (tmp_path / "f").stat().st_size <= 1024
    async with shell(limits={"cpu": "1s"}, timeout="20s") as use:
        assert (await use.ok(argv=script("while :; do :; done"), timeout=20_000))["status"] < 0


@pytest.mark.parametrize("stubborn", ["", "trap '' TERM HUP INT; "])
async def test_timeout_ends_the_whole_group(tmp_path: Path, stubborn: str) -> None:
    async with shell(timeout="1s", cwd=str(tmp_path)) as use:
        child = "(echo $(exec sh -c 'echo $PPID') > b; sleep 60) &"
        text = f"{stubborn}PATH=/usr/bin:/bin; echo $$ > a; {child} wait; sleep 60"
        code, said = await use.failed(argv=script(text))
        assert (code, "was killed" in said) == ("outcome-unknown", True)
        pids = [int((tmp_path / name).read_text()) for name in ("a", "b")]
        assert await gone(*pids)
        assert (await use.ok(argv=script("echo soon")))["stdout"] == "soon\n"
        assert (await use.failed(argv=script("sleep 60"), timeout=50))[0] == "outcome-unknown"


async def test_a_child_left_behind_is_ended_with_its_parent(tmp_path: Path) -> None:
    async with shell(cwd=str(tmp_path)) as use:
        text = "PATH=/usr/bin:/bin; sleep 60 & echo $! > pid; echo done"
        assert (await use.ok(argv=script(text)))["stdout"] == "done\n"
        assert await gone(int((tmp_path / "pid").read_text()))


async def test_cancelling_and_stopping_leave_no_process(tmp_path: Path) -> None:
    async with shell(cwd=str(tmp_path), timeout="60s") as use:
        waiting = script("echo $$ > pid.tmp; PATH=/usr/bin:/bin; mv pid.tmp pid; exec sleep 60")
        for end in ("cancel", "stop"):
            task = asyncio.create_task(use.perform(argv=waiting, timeout=60_000, seconds=60))
            while not (tmp_path / "pid").exists():  # noqa: ASYNC110 - a file is all the child can set
                await asyncio.sleep(0.01)
            pid = int((tmp_path / "pid").read_text())
            (tmp_path / "pid").unlink()
            assert alive(pid)
            if end == "cancel":
                task.cancel()
            else:
                await use.effects._held["command"].driver.stop()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await gone(pid)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> list[int]:
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()]


async def test_no_descriptor_and_no_zombie_is_left() -> None:
    async with shell(limits={"output": "10B"}, timeout="100ms") as use:
        await use.perform(argv=script("true"))
        before = descriptors(), children()
        for text in ("true", "exit 1", "echo 123456789012", "sleep 9", "exec 1>&- 2>&-; exit 0"):
            await use.perform(argv=script(f"PATH=/usr/bin:/bin; {text}"), stdin="x")
        await asyncio.sleep(0)
        assert (descriptors(), children()) == before


async def test_few_run_at_once_and_waiting_has_an_end() -> None:
    entry = {"path": SHELL, **ANY, "timeout": "400ms"}
    async with programs(entry, at_once=1) as use:
        busy = asyncio.create_task(use.perform(argv=script("PATH=/usr/bin:/bin; sleep 9")))
        await asyncio.sleep(0.05)
        assert (await use.failed(argv=script("true"), timeout=50))[0] == "busy"
        assert (await busy).value.code == "outcome-unknown"
        assert (await use.ok(argv=script("true")))["status"] == 0


async def test_a_program_that_was_replaced_is_not_run(tmp_path: Path) -> None:
    program, other = tmp_path / "program", tmp_path / "other"
    for file in (program, other):
        file.write_text("#!/bin/sh\necho ran\n")
        file.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(program)
    async with programs({"path": str(link)}, {"path": str(program)}) as use:
        assert (await use.ok(argv=[str(link)]))["stdout"] == "ran\n"
        link.unlink()
        link.symlink_to(other)
        assert "not the file any more" in (await use.failed(argv=[str(link)]))[1]
        other.rename(program)
        assert "not the file any more" in (await use.failed(argv=[str(program)]))[1]


@pytest.mark.parametrize(
    ("entry", "said"),
    [({}, "path"), ({"path": "sh"}, "absolute"), ({"path": "/nowhere"}, "there is no"),
     ({"path": "/tmp"}, "not a program"),
     ({"path": "/etc/passwd"}, "not a program"), ({"path": SHELL, "arguments": ["("]}, "regular expression"),
     ({"path": SHELL, "rest": "("}, "regular expression"),
     ({"path": SHELL, "argument": []}, "did you mean `arguments`"),
     ({"path": SHELL, "environment": {"LD_PRELOAD": "x"}}, "LD_PRELOAD"),
     ({"path": SHELL, "environment": {"A B": "x"}}, "A B"),
     ({"path": SHELL, "environment": {"A": {"$secret": "secret://vault/x"}}}, "source of secrets"),
     ({"path": SHELL, "cwd": "relative"}, "cwd"), ({"path": SHELL, "limits": {"ram": 1}}, "no field `ram`"),
     ({"path": SHELL, "limits": {"files": 1}}, "files"), ({"path": SHELL, "timeout": 0}, "timeout"),
     ({"path": SHELL, "stdin": "x"}, "stdin"), ({"path": SHELL, "user": []}, "user"),
     ({"path": SHELL, "user": "nobody-knows-me"}, "there is no user")],
)  # fmt: skip
def test_a_bad_grant_is_refused_by_its_field(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Desk([CommandDriver()], {}).granted("use", {"command": {"programs": [entry]}})


def test_a_program_that_everyone_may_change_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "open"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o777)
    with pytest.raises(ConfigError, match="everyone may change"):
        Desk([CommandDriver()], {}).granted("use", {"command": {"programs": [{"path": str(file)}]}})


def test_the_launcher_raises_no_limit() -> None:
    launcher = Path(__file__).parents[2] / "host" / "mcpg" / "effects" / "launcher.py"
    told = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50));"
        "os.execv(sys.executable, sys.argv[1:])"
    )
    show = "import resource, json; print(json.dumps(resource.getrlimit(resource.RLIMIT_NOFILE)))"
    inner = [sys.executable, "-I", str(launcher), "nofile=400", sys.executable, "py", "-c", show]
    ended = subprocess.run([sys.executable, "-c", told, *inner], capture_output=True, check=True)
    assert json.loads(ended.stdout) == [50, 50]
