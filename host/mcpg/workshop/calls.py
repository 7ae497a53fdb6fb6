"""Calls in the author's code that cannot work in the sandbox, or are not alike each time: warnings with their lines.

It reads text, not meaning: comments and strings are blanked first, and then each language has a few patterns. A plugin
that passes may still call such things by other ways; then it traps, or its cases and properties tell. What depends on
the order of a map is not seen here. Effects whose driver the manifest does not name are found likewise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mcpg.workshop.project import Language

__all__ = ["ENDINGS", "Warned", "suspicious_calls", "undeclared_effects"]

ENDINGS: Final[dict[Language, tuple[str, ...]]] = {
    "rust": (".rs",),
    "go": (".go",),
    "javascript": (".js", ".mjs"),
    "python": (".py",),
}
"""How the files end that are looked at."""

_FACTS: Final = "list `/run/now` or `/run/seed` under `reads` and take it from the document's `run`"
_ASK: Final = "ask the host: an effect of the driver `http`, `sql`, `command` or `mcp`"
_GIVEN: Final = "take what you need from `config`; a member of format `mcpg-file` is a file that the host reads"
_OPEN: Final = "read it at the top of the module, while it is built; or a member of format `mcpg-file` in `config`"
_LOG: Final = "use the SDK's `log`, and name the driver `log` under `effects`"
_WAIT: Final = "a plugin cannot wait: answer, or ask for an effect"


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning: the line, what stands there, what to do."""

    line: int
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    what: str
    remedy: str
    strings: bool = False
    """Whether it looks into strings, as names of imported packages are."""


def _rules(*rules: tuple[str, str, str] | tuple[str, str, str, bool]) -> tuple[_Rule, ...]:
    return tuple(_Rule(re.compile(rule[0], re.MULTILINE), rule[1], rule[2], strings=bool(rule[3:])) for rule in rules)


_CLOCK: Final = "there is no clock in the sandbox"
_CHANCE: Final = "there is no randomness in the sandbox"
_FILES: Final = "there are no files in the sandbox"
_NET: Final = "there is no network in the sandbox"
_THREADS: Final = "there are no threads in the sandbox"
_RULES: Final[dict[Language, tuple[_Rule, ...]]] = {
    "rust": _rules(
        (r"\b(SystemTime|Instant)\s*::\s*now\b", _CLOCK, _FACTS),
        (r"\bthread\s*::\s*sleep\b", "nothing sleeps in the sandbox", _WAIT),
        (r"\bthread\s*::\s*(spawn|scope|Builder)\b", _THREADS, "do one thing after the other; `run.all` asks at once"),
        (r"\bstd\s*::\s*fs\b|\bFile\s*::\s*(open|create)\b", _FILES, _GIVEN),
        (r"\bstd\s*::\s*net\b|\b(TcpStream|UdpSocket|TcpListener)\b|\b(reqwest|ureq|hyper)\s*::", _NET, _ASK),
        (r"\bstd\s*::\s*process\s*::\s*Command\b", "no program can be started in the sandbox", _ASK),
        (r"\bstd\s*::\s*env\s*::|\benv\s*::\s*(var|vars|args)\b", "there is no environment in the sandbox", _GIVEN),
        (r"\b(thread_rng|rand\s*::\s*(rng|random))\b|\bgetrandom\s*::", _CHANCE, _FACTS),
        (r"\be?println!\s*\(|\bdbg!\s*\(", "what is printed goes nowhere", _LOG),
    ),
    "go": _rules(
        (r"\btime\.(Now|Since|Until)\b", "this clock is not the time: it counts reads", _FACTS),
        (r"\btime\.(Sleep|After|AfterFunc|Tick|NewTimer|NewTicker)\b", "nothing sleeps in the sandbox", _WAIT),
        (r"^\s*(import\s+)?(\w+\s+)?\"(math/rand(/v2)?|crypto/rand)\"",
         "this is alike in every instance", _FACTS, True),
        (r"\bos\.(Open|OpenFile|Create|ReadFile|WriteFile|ReadDir|Stat|Remove|Mkdir\w*)\b", _FILES, _GIVEN),
        (r"\bos\.(Getenv|LookupEnv|Environ|Args)\b", "there is no environment in the sandbox", _GIVEN),
        (r"\bos\.Exit\b|\blog\.Fatal\w*\b", "this ends the instance, not the run", "return an error"),
        (r"^\s*(import\s+)?(\w+\s+)?\"(net|net/http|os/exec)\"", _NET, _ASK, True),
        (r"\bfmt\.(Print|Println|Printf)\b|\blog\.Print\w*\b", "what is printed goes nowhere", _LOG),
    ),
    "javascript": _rules(
        (r"\bDate\.now\b|\bnew\s+Date\s*\(\s*\)|\bperformance\.now\b", _CLOCK, _FACTS),
        (r"\bMath\.random\b", _CHANCE, _FACTS),
        (r"\bcrypto\.(getRandomValues|randomUUID)\b", "nothing here can make secrets", _FACTS),
        (r"(?<![\w.])(fetch|XMLHttpRequest|WebSocket)\s*\(", _NET, _ASK),
        (r"(?<![\w.])(setTimeout|setInterval|setImmediate|queueMicrotask)\s*\(", "there are no timers here", _WAIT),
        (r"\b(require\s*\(|from|import)\s*['\"](node:)?(fs|net|http|https|child_process|os|crypto|path)(/\w+)?['\"]",
         "Node's own modules are not in the sandbox", _ASK, True),
        (r"\bprocess\.(env|argv|exit)\b", "there is no process in the sandbox", _GIVEN),
        (r"\basync\s+(function|\()|\bawait\s", "functions of a plugin answer at once, and promises are not waited for",
         "write straight-line code: an effect returns its reply"),
    ),
    "python": _rules(
        (r"(?<![\w.])time\.(time|monotonic|perf_counter)\w*\s*\(|\b(datetime|date)\.(now|utcnow|today)\s*\(",
         _CLOCK, _FACTS),
        (r"(?<![\w.])time\.sleep\s*\(", "nothing sleeps in the sandbox", _WAIT),
        (r"(?<![\w.])random\.(?!Random\b|seed\b)\w+\s*\(", _CHANCE, _FACTS),
        (r"\bos\.urandom\b|\buuid\.uuid[14]\b|(?<![\w.])secrets\.\w+", "nothing here can make secrets", _FACTS),
        (r"^[ \t]+(?:.*[^\w.\n])?open\s*\(|^[ \t].*\.(read_text|write_text|read_bytes|write_bytes)\s*\(",
         _FILES, _OPEN),
        (r"^\s*(import|from)\s+(requests|httpx|urllib3|aiohttp|socket|http\.client|urllib\.request)\b", _NET, _ASK),
        (r"^\s*(import|from)\s+(threading|multiprocessing|subprocess|asyncio|concurrent)\b", _THREADS,
         "do one thing after the other; `all` asks for several effects at once"),
        (r"\bos\.(environ|getenv)\b", "there is no environment in the sandbox", _GIVEN),
            ),
}  # fmt: skip

_BEHIND: Final[dict[Language, dict[str, str]]] = {
    "rust": {},
    "go": {},
    "javascript": {"now": _CLOCK, "seed": _CHANCE},
    "python": {"seed": _CHANCE},
}
"""What an SDK answers by the run's own facts, if the plugin is given them."""

_SLASHES: Final = r"//[^\n]*|/\*.*?\*/"
_DOUBLE: Final = r'"(?:\\.|[^"\\\n])*"'
_SINGLE: Final = r"'(?:\\.|[^'\\\n])*'"
_TRIPLE: Final = r"(?P<triple>\"{3}|'{3})(?:\\.|[^\\])*?(?P=triple)"
_LEXED: Final[dict[Language, tuple[str, str]]] = {
    "rust": (_SLASHES, r'\bb?r(?P<hash>#*)".*?"(?P=hash)|b?"(?:\\.|[^"\\])*"' + r"|'(?:\\[^\n]{1,10}?|[^'\\\n])'"),
    "go": (_SLASHES, rf"{_DOUBLE}|`[^`]*`|{_SINGLE}"),
    "javascript": (_SLASHES, rf"{_DOUBLE}|{_SINGLE}|`(?:\\.|[^`\\])*`"),
    "python": (r"#[^\n]*", rf"{_TRIPLE}|{_DOUBLE}|{_SINGLE}"),
}
_TESTS: Final = re.compile(r"#\[cfg\(test\)\].*", re.DOTALL)
_ASKED: Final = "http|sql|command|mcp|notify|sign"
_DRIVERS: Final = f"{_ASKED}|log"
_NAMES: Final = "Http|Sql|Command|Mcp|Notify|Sign|Log"
_EFFECTS: Final[dict[Language, tuple[re.Pattern[str], re.Pattern[str]]]] = {
    "rust": (
        re.compile(
            rf"\brun\s*\.\s*({_DRIVERS})(?:_data)?\s*\(|\b({_NAMES})Request\s*(?:\{{|::)"
            rf"|(?<![\w.:])(?<!fn )({_ASKED})\s*\("
        ),
        re.compile(r"\b(?:ask|effect)\s*\(\s*\"([a-z][a-z0-9-]*)\""),
    ),
    "go": (
        re.compile(rf"\b(?:run|mcpg|sdk)\.({_NAMES})\s*[(\[]|\b({_NAMES})Request\s*\{{", re.IGNORECASE),
        re.compile(r"\.Asking\s*\(\s*\"([a-z][a-z0-9-]*)\""),
    ),
    "javascript": (
        re.compile(rf"(?<![\w.$])(?<!function )({_DRIVERS})\s*(?:\.\s*effect\s*)?\("),
        re.compile(r"(?<![\w.$])(?:ask|effect)\s*\(\s*['\"]([a-z][a-z0-9-]*)['\"]"),
    ),
    "python": (
        re.compile(rf"(?<![\w.])(?<!def )({_DRIVERS})\s*(?:\.\s*effect\s*)?\("),
        re.compile(r"(?<![\w.])(?:ask|effect)\s*\(\s*['\"]([a-z][a-z0-9-]*)['\"]"),
    ),
}


def suspicious_calls(language: Language, text: str, facts: Collection[str] = ()) -> list[Warned]:
    """Return a warning for each call in a file's `text` that cannot work in the sandbox, by line.

    `facts` are members of the run that the manifest reads (`now`, `seed`): some SDKs put them behind the usual calls.
    """
    known = [what for fact, what in _BEHIND[language].items() if fact in facts]
    said, bare = _blanked(language, text)
    found = []
    for rule in _RULES[language]:
        if rule.what in known:
            continue
        looked_at = said if rule.strings else bare
        for match in rule.pattern.finditer(looked_at):
            begin = match.start() + len(match[0]) - len(match[0].lstrip())
            call = " ".join(match[0].split())
            found.append(Warned(looked_at.count("\n", 0, begin) + 1, f"`{call}`: {rule.what}", rule.remedy))
    return sorted(found, key=lambda warned: (warned.line, warned.what))


def undeclared_effects(language: Language, text: str, declared: Collection[str]) -> list[Warned]:
    """Return a warning for the first call of each driver that the manifest does not name under `effects`."""
    said, bare = _blanked(language, text)
    found: dict[str, Warned] = {}
    for pattern, looked_at in zip(_EFFECTS[language], (bare, said), strict=True):
        for match in pattern.finditer(looked_at):
            driver = next(group for group in match.groups() if group).lower()
            if driver not in declared and driver not in found:
                what = f"this asks for `{driver}`, which the manifest does not name under `effects`"
                remedy = f'add {{"driver": "{driver}", "why": "..."}} there'
                found[driver] = Warned(looked_at.count("\n", 0, match.start()) + 1, what, remedy)
    return sorted(found.values(), key=lambda warned: warned.line)


def _blanked(language: Language, text: str) -> tuple[str, str]:
    """Return `text` without comments, and without comments and strings; lines stay where they are."""
    if language == "rust":
        text = _TESTS.sub("", text)
    comment, string = _LEXED[language]
    lexed = re.compile(f"(?P<comment>{comment})|(?P<string>{string})", re.DOTALL)
    return "".join(_pieces(lexed, text, strings=True)), "".join(_pieces(lexed, text, strings=False))


def _pieces(lexed: re.Pattern[str], text: str, *, strings: bool) -> Iterator[str]:
    at = 0
    for match in lexed.finditer(text):
        yield text[at : match.start()]
        keep = strings and match["string"] is not None
        yield match[0] if keep else re.sub(r"[^\n]", " ", match[0])
        at = match.end()
    yield text[at:]
