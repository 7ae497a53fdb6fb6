"""The report on a verified bundle, for a change board: as a document, and as Markdown. It verifies nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mcpg.contract.problems import PluginRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mcpg.contract.problems import McpgError
    from mcpg_mirror.verifying import Finding, Findings

__all__ = ["outcome", "refusal_of", "report_of", "report_text"]

_VERDICTS = {"good": "may be imported", "refused": "must not be imported", "incomplete": "cannot be judged here"}


def outcome(findings: Findings) -> str:
    """Return `good`, `refused`, or `incomplete` when nothing is refused but something is missing."""
    errors = findings.errors()
    if any(isinstance(error, PluginRefused) for error in errors):
        return "refused"
    return "incomplete" if errors else "good"


def report_of(findings: Findings, *, now: int, digest: str = "", size: int = 0) -> dict[str, Any]:
    """Return the report; `digest` and `size` in bytes are of the bundle's file, if it is one."""
    bundle, inventory, believed = findings.bundle, findings.bundle.inventory, findings.believed
    blobs = {blob.digest: blob.size for plugin in inventory.plugins for blob in plugin.blobs() if blob.here}
    return {
        "outcome": outcome(findings),
        "checked_at": _when(now),
        "bundle": {
            "name": bundle.name.rpartition("/")[2],
            "id": inventory.bundle,
            "file": digest,
            "file_bytes": size,
            "created_at": _when(inventory.created),
            "mode": inventory.mode,
            "signed_by": bundle.signer or "",
            "plugin_bytes": sum(blobs.values()),
        },
        "revocations": {
            "version": inventory.revocations.version,
            "held_before": believed.held if believed else None,
            "state": believed.state if believed else "refused",
            "entries": believed.entries if believed else None,
            "issued_at": _when(believed.issued) if believed else None,
            "expires_at": _when(believed.expires) if believed and believed.expires is not None else None,
            "reason": believed.reason if believed else findings.list_error.message if findings.list_error else "",
        },
        "plugins": [_plugin(finding) for finding in findings.plugins],
        "errors": [_error(error) for error in findings.errors()],
    }


def refusal_of(error: McpgError, *, name: str, now: int, digest: str = "", size: int = 0) -> dict[str, Any]:
    """Return the report on a bundle of which not even the inventory is believed, in the same shape."""
    found = "refused" if isinstance(error, PluginRefused) else "incomplete"
    bundle = {"name": name, "id": "", "file": digest, "file_bytes": size, "created_at": "", "mode": "", "signed_by": ""}
    names = ("held_before", "entries", "issued_at", "expires_at")
    return {
        "outcome": found,
        "checked_at": _when(now),
        "bundle": bundle | {"plugin_bytes": 0},
        "revocations": {"version": None, "state": "unknown", "reason": "", **dict.fromkeys(names)},
        "plugins": [],
        "errors": [_error(error)],
    }


def report_text(report: dict[str, Any]) -> str:
    """Return the report as Markdown; whatever others wrote is made harmless in it."""
    bundle, listed = report["bundle"], report["revocations"]
    lines = [
        f"# Mirror bundle {_cell(bundle['name'])}: {_VERDICTS[report['outcome']]}",
        "",
        *_table(
            ("what", "found"),
            [("outcome", report["outcome"]), ("checked", report["checked_at"]), *_known(bundle), *_listed(listed)],
        ),
    ]
    if report["plugins"]:
        columns = ("plugin", "result", "manifest", "signed by", "bytes", "in the bundle")
        lines += ["", "## Plugins", "", *_table(columns, map(_row, report["plugins"]))]
    for each in report["plugins"]:
        lines += _details(each)
    if report["errors"]:
        lines += ["", "## What is wrong", ""]
        lines += map(_wrong, report["errors"])
    return "\n".join(lines) + "\n"


def _known(bundle: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows about the bundle itself; what nothing proves is left out."""
    file = [("SHA-256 of the file", f"{bundle['file']}, {bundle['file_bytes']} bytes")] if bundle["file"] else []
    if not bundle["id"]:
        return file
    made = ("made", f"{bundle['created_at']}, {bundle['mode']}")
    return [("bundle", bundle["id"]), *file, made, ("inventory signed by", bundle["signed_by"] or "nobody")]


def _listed(listed: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows about the revocation list, none where it was not come to."""
    if listed["version"] is None:
        return []
    return [
        ("revocation list", f"version {listed['version']}, {listed['state']}"),
        ("list held before", str(listed["held_before"] if listed["held_before"] is not None else "unknown")),
        ("list expires", listed["expires_at"] or "never" if listed["state"] != "refused" else "unknown"),
        *([("about the list", listed["reason"])] if listed["reason"] else []),
    ]


def _plugin(finding: Finding) -> dict[str, Any]:
    plugin, examined = finding.plugin, finding.examined
    signed = finding.proven.signed if finding.proven else None
    return {
        "name": plugin.name,
        "id": plugin.id,
        "version": plugin.version,
        "state": finding.state,
        "manifest": plugin.manifest.digest,
        "component": plugin.layer.digest,
        "bytes": sum(blob.size for blob in plugin.blobs()),
        "in_bundle": plugin.layer.here,
        "signed_by": [*map(str, signed.keys), *map(str, signed.identities)] if signed else [],
        "kind": examined.kind if examined else "",
        "world": examined.world if examined else "",
        "summary": examined.summary if examined else "",
        "asks": [{"driver": driver, "why": why} for driver, why in examined.asks] if examined else [],
        "breaks": list(examined.breaks) if examined else [],
        "notes": list(finding.notes),
        "error": _error(finding.error) if finding.error else None,
    }


def _wrong(error: dict[str, str]) -> str:
    where, message, code = _cell(error["where"]), _cell(error["message"]), _cell(error["code"])
    return f"- {where}: {message} ({code}); to do: {_cell(error['remedy'])}"


def _error(error: McpgError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "where": error.where, "remedy": error.remedy}


def _row(each: dict[str, Any]) -> Sequence[str]:
    signers = ", ".join(each["signed_by"]) or "nobody that is trusted here"
    present = "yes" if each["in_bundle"] else "no, it builds on what is there"
    return each["name"], each["state"], each["manifest"], signers, str(each["bytes"]), present


def _details(each: dict[str, Any]) -> list[str]:
    found = (
        [f"- is {_cell(each['kind'])} for `{_code(each['world'])}`: {_cell(each['summary'])}"] if each["kind"] else []
    )
    found += [f"- asks for `{_code(wish['driver'])}`: {_cell(wish['why'])}" for wish in each["asks"]]
    found += [f"- **would break this gateway**: {_cell(text)}" for text in each["breaks"]]
    found += [f"- note: {_cell(text)}" for text in each["notes"]]
    if each["error"]:
        found.append(
            f"- **{each['state']}**: {_cell(each['error']['message'])}; to do: {_cell(each['error']['remedy'])}"
        )
    return ["", f"### {_cell(each['id'])} {_cell(each['version'])}", "", *found] if found else []


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    drawn = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return [*drawn, *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)]


def _cell(text: str) -> str:
    """Return text that starts no markup, no cell and no line."""
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    for sign in "\\`*_[]<>|#":
        plain = plain.replace(sign, f"\\{sign}")
    return plain


def _code(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() and sign not in "`|")


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, 2**37), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
