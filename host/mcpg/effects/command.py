"""Driver `command`: programs that the operator granted, by argument vector, without a shell. It ends what it starts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from mcpg.contract.effects import BlobRef, CommandReply, CommandRequest, Secret
from mcpg.contract.problems import EffectDenied
from mcpg.contract.verdicts import Case, failed, ok
from mcpg.effects import processes
from mcpg.effects.command_grant import CommandGrant, Program, read_command_grant
from mcpg.effects.echo import EchoGuard
from mcpg.effects.http_reply import LARGE, keep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcpg.contract.documents import Caller
    from mcpg.contract.ports import EffectContext
    from mcpg.effects.secrets import Keyring

__all__ = ["CommandDriver"]

_MAX_ERRORS = 16 * 1024


class CommandDriver:
    """Runs granted programs, at most `at_once` at a time."""

    name = "command"
    request = CommandRequest

    def __init__(self, *, at_once: int = 16) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """End every program that still runs."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def grant(self, document: Mapping[str, Any], keyring: Keyring) -> CommandGrant:
        """Read the fields of `command_grant`; raises `ConfigError`."""
        return read_command_grant(document, keyring)

    def check(self, request: CommandRequest, grant: CommandGrant) -> None:
        """Return if program, arguments and the size of stdin are granted; raises `EffectDenied`."""
        program = grant.program(request.argv)
        if isinstance(request.stdin, str):
            _fits(request.stdin.encode(), program)

    async def perform(self, request: CommandRequest, grant: CommandGrant, context: EffectContext) -> Case:
        """Run the program; answers `ok(CommandReply)`, or `failed`: `outcome-unknown` when its time was over."""
        program = grant.program(request.argv)
        if not program.unchanged():
            raise EffectDenied(f"`{program.path}` is not the file any more that was granted; reload the configuration")
        stdin = _stdin(request, program, context)
        environment, guard = await _environment(program, grant.keyring, context.caller)
        now = asyncio.get_running_loop().time()
        deadline = min(context.deadline, now + min(request.timeout / 1000, program.timeout))
        plan = processes.Plan(
            program.file, request.argv, environment, program.cwd, program.settings, program.output, stdin
        )
        try:
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        except TimeoutError:
            return failed("busy", "too many programs run at once")
        try:
            ended = await self._tracked(plan, deadline)
        except OSError as error:
            return failed("unavailable", f"`{program.path}` cannot be started: {error.strerror}")
        finally:
            self._free.release()
        if ended.late:
            return failed("outcome-unknown", f"`{program.path}` ran too long and was killed")
        return ok(_reply(ended, guard, context))

    async def _tracked(self, plan: processes.Plan, deadline: float) -> processes.Ended:
        task = asyncio.ensure_future(processes.run(plan, deadline))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise


def _stdin(request: CommandRequest, program: Program, context: EffectContext) -> bytes:
    if not isinstance(request.stdin, BlobRef):
        return (request.stdin or "").encode()
    try:
        return _fits(context.blobs.get(request.stdin.ref), program)
    except KeyError:
        raise EffectDenied(f"this run has no body `{request.stdin.ref[:128]}`") from None


def _fits(stdin: bytes, program: Program) -> bytes:
    if len(stdin) > program.stdin:
        raise EffectDenied(f"stdin has {len(stdin)} bytes, {program.stdin} are granted (`stdin`)")
    return stdin


async def _environment(program: Program, keyring: Keyring, caller: Caller) -> tuple[dict[str, str], EchoGuard]:
    made: dict[str, str] = {}
    secrets: list[str] = []
    for name, value in program.environment.items():
        if isinstance(value, Secret):
            secret, made[name] = await keyring.open(value, caller)
            secrets.append(secret)
        else:
            made[name] = value
    return made, EchoGuard(secrets)


def _reply(ended: processes.Ended, guard: EchoGuard, context: EffectContext) -> str:
    if guard.found_in(ended.stdout) or guard.found_in(ended.stderr):
        raise EffectDenied("the output holds a secret of the program's environment", code="secret-echoed")
    stdout: str | BlobRef
    try:
        stdout = ended.stdout.decode()
        if len(ended.stdout) > LARGE and not context.whole_bodies:
            stdout = keep(context.blobs, ended.stdout, "text/plain")
    except UnicodeDecodeError:
        stdout = keep(context.blobs, ended.stdout, "application/octet-stream")
    errors = ended.stderr[-_MAX_ERRORS:].decode("utf-8", "replace")
    return msgspec.json.encode(
        CommandReply(status=ended.status, stdout=stdout, stderr=errors, truncated=ended.truncated)
    ).decode()
