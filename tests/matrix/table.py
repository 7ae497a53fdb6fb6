"""What goes through the gateway for each pair of revisions, and how the rest is refused: one table, tests and page.

`docs/reference/matrix.md` is made of it, `test_matrix.py` holds the gateway to it. It stands alone: no import of ours.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FEATURES", "LIMITS", "REVISIONS", "Feature", "expected", "page"]

REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that is bridged: since when clients and upstreams know it, and what happens where one does not."""

    name: str
    title: str
    what: str
    client_since: str = REVISIONS[0]
    upstream_since: str = REVISIONS[0]
    upstream_until: str = REVISIONS[-1]
    client_lacks: str = ""
    upstream_lacks: str = ""


_NAMES_CAPABILITY = """The client's revision has no such request, so the upstream is told that the client cannot be
  asked. The call ends as a tool error (`isError`) whose text names the capability."""
_NOT_OF_REVISION = """The upstream's own revision has no such request. One that sends it nevertheless gets the error
  `-32601`, and the client is not asked."""
_UNDECLARED = """The client has not declared the capability. A client of a revision up to 2025-11-25 gets a tool error
  (`isError`) whose text names it. One of 2026-07-28 gets the error `-32021` with `requiredCapabilities`, or the
  upstream's own tool error where the upstream is older."""
_AS_TEXT = """One side's revision has no such member: the same content arrives as text, the member and the schema of it
  do not."""
LIMITS = {
    "yes": ("✓", "It works."),
    "names-capability": ("✗¹", _NAMES_CAPABILITY),
    "not-of-revision": ("✗²", _NOT_OF_REVISION),
    "undeclared": ("✗³", _UNDECLARED),
    "as-text": ("T", _AS_TEXT),
    "nothing": ("·", "The upstream's revision has nothing that could be bridged."),
}
"""What a cell may say, and what that means: sign and sentence."""

_ELICITATION = {"client_since": "2025-06-18", "client_lacks": "names-capability"}
_STRUCTURED = {"client_lacks": "as-text", "upstream_lacks": "as-text"}
_LATEST = REVISIONS[-1]

FEATURES = (
    Feature("call", "Calling a tool", "`tools/list`, `tools/call`, tool errors"),
    Feature("progress", "Progress", "`notifications/progress` on the call's own stream, under the client's own token"),
    Feature("cancel", "Cancellation", "`notifications/cancelled`, or a closed stream from 2026-07-28 on over HTTP"),
    Feature(
        "elicit",
        "Elicitation (form)",
        "`elicitation/create` in the middle of a call, or an `input_required` result",
        **_ELICITATION,
        upstream_since="2025-06-18",
        upstream_lacks="not-of-revision",
    ),
    Feature("sample", "Sampling", "`sampling/createMessage`, likewise"),
    Feature("list_changed", "Changed lists", "`notifications/tools/list_changed`, and the new list"),
    Feature("subscribe", "Resource updates", "`resources/subscribe`, or `subscriptions/listen` with URIs"),
    Feature(
        "resource_read",
        "Reading resources",
        "`resources/list`, `resources/read`, templates, the error for an unknown one",
    ),
    Feature("completion", "Completion", "`completion/complete` of a prompt's and a template's argument"),
    Feature("roots", "Roots", "`roots/list` in the middle of a call"),
    Feature("rounds", "Several questions", "two requests at once, then two rounds one after the other"),
    Feature(
        "url",
        "Elicitation (URL)",
        "`elicitation/create` with `mode: url`",
        client_since="2025-11-25",
        client_lacks="names-capability",
        upstream_since="2025-11-25",
        upstream_lacks="nothing",
    ),
    Feature(
        "url_error",
        "The error -32042",
        "A call that fails until its user has been to a URL: the client is asked, then the call is made again",
        client_since="2025-11-25",
        client_lacks="names-capability",
        upstream_since="2025-11-25",
        upstream_until="2025-11-25",
        upstream_lacks="nothing",
    ),
    Feature("undeclared", "A client without capabilities", "a tool that would ask its client"),
    Feature("logging", "Log messages", "`logging/setLevel`, or `logLevel` in `_meta`; `notifications/message`"),
    Feature("prompt", "Prompts", "`prompts/list`, `prompts/get`"),
    Feature(
        "structured",
        "Structured content",
        "`structuredContent` that is an object, and `outputSchema`",
        client_since="2025-06-18",
        upstream_since="2025-06-18",
        **_STRUCTURED,
    ),
    Feature(
        "listed",
        "Structured content of any kind",
        "`structuredContent` that is an array, and its schema",
        client_since=_LATEST,
        upstream_since=_LATEST,
        **_STRUCTURED,
    ),
    Feature(
        "mixed", "Contents of all kinds", "images, audio, embedded resources, links, as the client's revision has them"
    ),
)


def expected(feature: Feature, client: str, upstream: str) -> str:
    """Return what the cell says: a key of `LIMITS`."""
    if feature.name == "undeclared":
        return "undeclared"
    since, until = REVISIONS.index(feature.upstream_since), REVISIONS.index(feature.upstream_until)
    if not since <= REVISIONS.index(upstream) <= until:
        return feature.upstream_lacks
    if REVISIONS.index(client) < REVISIONS.index(feature.client_since):
        return feature.client_lacks
    return "yes"


def page() -> str:
    """Return the page of the documentation."""
    signs = "\n".join(f"- {sign} {sentence}" for sign, sentence in LIMITS.values())
    return _HEAD + "\n\n" + signs + "\n\n" + "\n".join(_section(feature) for feature in FEATURES)


def _section(feature: Feature) -> str:
    head = f"## {feature.title}\n\n{feature.what[0].upper()}{feature.what[1:]}.\n"
    rows = ["| client ↓ upstream → | " + " | ".join(REVISIONS) + " |", "|---|" + ":-:|" * len(REVISIONS)]
    for client in REVISIONS:
        cells = (LIMITS[expected(feature, client, upstream)][0] for upstream in REVISIONS)
        rows.append(f"| {client} | " + " | ".join(cells) + " |")
    return head + "\n" + "\n".join(rows) + "\n"


_HEAD = """# What goes through, revision by revision

<!-- Generated by `make docs` from tests/matrix/table.py; do not edit. -->

A client of any revision of MCP can use an upstream of any revision. Each cell below is a test (`tests/matrix`): the
real gateway between a client and a server that were written from the specification of their revisions and refuse what
those do not know. Clients of 2024-11-05 and upstreams of 2024-11-05 speak HTTP+SSE, those of 2025-03-26 to 2025-11-25
Streamable HTTP with sessions, those of 2026-07-28 its stateless form; some cells are tested over stdio as well."""
