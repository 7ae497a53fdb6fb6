"""A virtual WASI 0.2: what a guest finds behind `wasi:*` imports. Nothing in it is real, and it links nothing.

The clock shows the run's recorded time, randomness is a stream drawn from the run's seed, there are no arguments,
variables, files or sockets, output goes to a bounded log, and waiting takes no time. Everything is a function of the
run's facts and of what the guest has asked before in the same pass, so a pass can be repeated.

It is our own code all through: wasmtime's WASI is never linked, so that no version of it can show something real.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mcpg.contract.verdicts import Case

if TYPE_CHECKING:
    from mcpg.contract.documents import RunFacts

__all__ = ["FUNCTIONS", "INTERFACES", "RESOURCES", "Handle", "NotHere", "VirtualWorld"]

_READ_STEP: Final = 1_000
_MAX_RANDOM: Final = 65_536
_MAX_TIMERS: Final = 1_024
_MAX_HANDLES: Final = 16_384
_WRITABLE: Final = 4_096
_STDIN, _STDOUT, _STDERR = 0, 1, 2
_ALWAYS: Final = 0
_FOREVER: Final = 2**64 - 1
_CLOSED: Final = Case("err", Case("closed"))
_DENIED: Final = Case("err", "access-denied")

INTERFACES: Final = frozenset(
    {
        *("wasi:io/error", "wasi:io/poll", "wasi:io/streams"),
        *("wasi:cli/environment", "wasi:cli/exit", "wasi:cli/stdin", "wasi:cli/stdout", "wasi:cli/stderr"),
        *("wasi:cli/terminal-input", "wasi:cli/terminal-output", "wasi:cli/terminal-stdin"),
        *("wasi:cli/terminal-stdout", "wasi:cli/terminal-stderr"),
        *("wasi:clocks/monotonic-clock", "wasi:clocks/wall-clock"),
        *("wasi:filesystem/preopens", "wasi:filesystem/types"),
        *("wasi:random/random", "wasi:random/insecure", "wasi:random/insecure-seed"),
        *("wasi:sockets/network", "wasi:sockets/instance-network", "wasi:sockets/ip-name-lookup"),
        *("wasi:sockets/tcp", "wasi:sockets/tcp-create-socket", "wasi:sockets/udp", "wasi:sockets/udp-create-socket"),
    }
)
"""Interfaces that a guest may import, in any version 0.2.x."""

RESOURCES: Final[MappingProxyType[str, int]] = MappingProxyType(
    {
        name: number
        for number, name in enumerate(
            (
                *("error", "pollable", "input-stream", "output-stream", "terminal-input", "terminal-output"),
                *("descriptor", "directory-entry-stream", "network", "tcp-socket", "udp-socket"),
                *("incoming-datagram-stream", "outgoing-datagram-stream", "resolve-address-stream"),
            ),
            start=1,
        )
    }
)
"""Their resources, with the numbers under which the engine tells them apart."""


class Handle(NamedTuple):
    """A resource to give to the guest: its name in `RESOURCES`, and our number for it."""

    resource: str
    number: int


class NotHere(Exception):  # noqa: N818 - names a fact; the guest traps with it
    """The guest asked for something that has no virtual form."""


class VirtualWorld:
    """The world of one instance. `begin` sets it for each pass; before the first one it shows 1970 and no seed."""

    __slots__ = (
        *("__weakref__", "handles", "log", "monotonic", "room", "said", "seed", "timers", "used", "wall", "written"),
    )

    def __init__(self, log: Callable[[str, bytes], None], room: int = 0) -> None:
        self.log = log
        self.room = room
        self.handles = 0
        self.begin(None)

    def begin(self, run: RunFacts | None) -> None:
        """Set time and randomness for a pass, so that they depend on `run` alone."""
        self.wall = 0 if run is None else run.now
        self.monotonic = self.wall * 1_000_000
        self.seed = b"" if run is None else run.seed.encode()
        self.used: dict[str, int] = {}
        self.timers: dict[int, int] = {}
        self.written = 0
        self.said: list[tuple[str, bytes]] = []

    def now(self) -> int:
        """Read the monotonic clock in nanoseconds; every read is one microsecond later."""
        self.monotonic += _READ_STEP
        return self.monotonic

    def random(self, stream: str, size: int) -> bytes:
        """Return the next bytes of one of the seed's streams; at most 64 KiB at a time."""
        if size > _MAX_RANDOM:
            raise NotHere(f"{size} random bytes at once, at most {_MAX_RANDOM} are given")
        turn = self.used.get(stream, 0)
        self.used[stream] = turn + 1
        return hashlib.shake_256(b"%d:%s:%s:%d" % (len(self.seed), self.seed, stream.encode(), turn)).digest(size)

    def number(self, stream: str) -> int:
        """Return the next 64 random bits."""
        return int.from_bytes(self.random(stream, 8), "little")

    def timer(self, when: int) -> Handle:
        """Return a pollable that is ready from the monotonic instant `when` on."""
        if len(self.timers) >= _MAX_TIMERS:
            raise NotHere(f"more than {_MAX_TIMERS} timers")
        number = self.used["timer"] = self.used.get("timer", 0) + 1
        self.timers[number] = min(when, _FOREVER)
        return Handle("pollable", number)

    def give(self) -> None:
        """Count a handle that the guest gets; the engine keeps a row for each until it is dropped."""
        if self.handles >= _MAX_HANDLES:
            raise NotHere(f"more than {_MAX_HANDLES} handles")
        self.handles += 1

    def take_back(self, timer: int) -> None:
        """Count a handle that the guest has dropped; `timer` is its number if it was one."""
        self.handles -= 1
        self.timers.pop(timer, None)

    def ready(self, pollable: int) -> bool:
        """Say whether a pollable is ready; those that are no timer always are."""
        return self.timers.get(pollable, 0) <= self.monotonic

    def wait(self, pollables: list[int]) -> list[int]:
        """Return the places of the ready ones, after moving the clock to the first of them if none was."""
        if not pollables:
            raise NotHere("a poll of nothing")
        if not any(map(self.ready, pollables)):
            self.monotonic = min(self.timers.get(each, 0) for each in pollables)
        return [place for place, each in enumerate(pollables) if self.ready(each)]

    def write(self, stream: int, data: bytes) -> Case:
        """Take output of the guest, and keep what there is room for until the pass has ended."""
        kept = data[: max(0, self.room - self.written)]
        self.written += len(data)
        if kept:
            self.said.append(("stderr" if stream == _STDERR else "stdout", kept))
        return Case("ok")

    def tell(self) -> None:
        """Pass on what was kept: the pass counts. One that is made again, or again to compare, is not told twice."""
        for stream, data in self.said:
            self.log(stream, data)
        self.said.clear()


def _exit(_: VirtualWorld, *__: Any) -> None:
    raise NotHere("exit")


def _wall(world: VirtualWorld) -> tuple[int, int]:
    seconds, rest = divmod(world.wall, 1_000)
    return seconds, rest * 1_000_000


def _subscribe(_: VirtualWorld, *__: Any) -> Handle:
    return Handle("pollable", _ALWAYS)


def _flushed(_: VirtualWorld, __: int) -> Case:
    return Case("ok")


def _closed(_: VirtualWorld, *__: Any) -> Case:
    return _CLOSED


def _denied(_: VirtualWorld, *__: Any) -> Case:
    return _DENIED


def _nothing(_: VirtualWorld, *__: Any) -> None:
    return None


_Function = Callable[..., Any]

_STREAMS: Final[dict[str, _Function]] = {
    **{f"[method]input-stream.{name}": _closed for name in ("read", "blocking-read", "skip", "blocking-skip")},
    "[method]input-stream.subscribe": _subscribe,
    "[method]output-stream.subscribe": _subscribe,
    "[method]output-stream.check-write": lambda _, __: Case("ok", _WRITABLE),
    **{f"[method]output-stream.{name}": VirtualWorld.write for name in ("write", "blocking-write-and-flush")},
    **{f"[method]output-stream.{name}": _flushed for name in ("flush", "blocking-flush")},
    **{f"[method]output-stream.{name}": _closed for name in ("splice", "blocking-splice")},
    **{
        f"[method]output-stream.{name}": lambda _, __, ___: Case("ok")
        for name in ("write-zeroes", "blocking-write-zeroes-and-flush")
    },
}

_TABLE: Final[dict[str, dict[str, _Function]]] = {
    "wasi:io/error": {"[method]error.to-debug-string": lambda _, __: ""},
    "wasi:io/poll": {
        "[method]pollable.ready": VirtualWorld.ready,
        "[method]pollable.block": lambda world, pollable: world.wait([pollable]) and None,
        "poll": VirtualWorld.wait,
    },
    "wasi:io/streams": _STREAMS,
    "wasi:cli/environment": {
        "get-environment": lambda _: [],
        "get-arguments": lambda _: [],
        "initial-cwd": _nothing,
    },
    "wasi:cli/exit": {"exit": _exit, "exit-with-code": _exit},
    "wasi:cli/stdin": {"get-stdin": lambda _: Handle("input-stream", _STDIN)},
    "wasi:cli/stdout": {"get-stdout": lambda _: Handle("output-stream", _STDOUT)},
    "wasi:cli/stderr": {"get-stderr": lambda _: Handle("output-stream", _STDERR)},
    "wasi:cli/terminal-stdin": {"get-terminal-stdin": _nothing},
    "wasi:cli/terminal-stdout": {"get-terminal-stdout": _nothing},
    "wasi:cli/terminal-stderr": {"get-terminal-stderr": _nothing},
    "wasi:clocks/monotonic-clock": {
        "now": VirtualWorld.now,
        "resolution": lambda _: _READ_STEP,
        "subscribe-instant": VirtualWorld.timer,
        "subscribe-duration": lambda world, length: world.timer(world.monotonic + length),
    },
    "wasi:clocks/wall-clock": {"now": _wall, "resolution": lambda _: (0, 1_000_000)},
    "wasi:filesystem/preopens": {"get-directories": lambda _: []},
    "wasi:filesystem/types": {"filesystem-error-code": _nothing},
    "wasi:random/random": {
        "get-random-bytes": lambda world, size: world.random("random", size),
        "get-random-u64": lambda world: world.number("random"),
    },
    "wasi:random/insecure": {
        "get-insecure-random-bytes": lambda world, size: world.random("insecure", size),
        "get-insecure-random-u64": lambda world: world.number("insecure"),
    },
    "wasi:random/insecure-seed": {
        "insecure-seed": lambda world: (world.number("insecure-seed"), world.number("insecure-seed")),
    },
    "wasi:sockets/instance-network": {"instance-network": lambda _: Handle("network", 0)},
    "wasi:sockets/ip-name-lookup": {"resolve-addresses": _denied},
    "wasi:sockets/tcp-create-socket": {"create-tcp-socket": _denied},
    "wasi:sockets/udp-create-socket": {"create-udp-socket": _denied},
}

FUNCTIONS: Final = MappingProxyType({interface: MappingProxyType(functions) for interface, functions in _TABLE.items()})
"""What each function of an interface does: `function(world, *arguments)`. One that is not here traps when called."""
