"""What an attacker does to the file is found, and the record is named."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpg.contract.canonical import canonical, digest_text
from mcpg.contract.problems import ConfigError, LedgerUnavailable
from mcpg.ledger import SYSTEM, Report, SqliteLedger, tail, verify
from mcpg.sealing import SigningKey, load_signing_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger.conftest import Place

ROUGH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(place: Place, **options: object) -> Report:
    return verify(place.path, public_key=place.public_key, **options)


def execute(place: Place, *statements: str | tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(place.path, isolation_level=None)) as database:
        for statement in statements:
            text, values = statement if isinstance(statement, tuple) else (statement, ())
            assert database.execute(text, values).rowcount != 0


def named(report: Report) -> set[tuple[str, str, int]]:
    return {(finding.what, finding.tenant, finding.seq) for finding in report.findings}


def test_an_untouched_ledger_is_proven(full: Place) -> None:
    report = check(full, head=full.heads[len(full.heads) // 2].text)
    assert report.ok
    assert report.pinned
    assert report.records == 75
    assert report.commits == len(full.heads)
    assert report.head == full.heads[-1].text
    assert len(report.notes) == 1
    assert "stands in the ledger" in report.notes[0]


def test_what_was_not_proven_is_said(full: Place) -> None:
    notes = verify(full.path).notes
    assert any("no key was pinned" in note for note in notes)
    assert any("no head from outside" in note for note in notes)


@ROUGH
@given(data=st.data())
def test_any_byte_changed_in_the_table_is_found_and_named(full: Place, data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from(list(tail(full.path, limit=1000))))
    text = entry.text.encode()
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != text[place]))
    damaged = text[:place] + bytes([byte]) + text[place + 1 :]
    where = "WHERE tenant = ? AND seq = ?"
    place_ = (entry.tenant, entry.seq)
    try:
        execute(full, (f"UPDATE records SET body = CAST(? AS TEXT) {where}", (damaged, *place_)))
        assert {each[1:] for each in named(verify(full.path, public_key=full.public_key))} == {place_}
    finally:
        execute(full, (f"UPDATE records SET body = ? {where}", (entry.text, *place_)))


@ROUGH
@given(data=st.data())
def test_any_changed_column_is_found_and_named(full: Place, data: st.DataObject) -> None:
    entry = data.draw(st.sampled_from([each for each in tail(full.path, limit=1000) if each.tenant != SYSTEM]))
    column = data.draw(st.sampled_from(["tenant", "seq", "call"]))
    value = data.draw(st.integers(-5, 500) if column == "seq" else st.text(max_size=8) | st.binary(max_size=4))
    old = {"tenant": entry.tenant, "seq": entry.seq, "call": entry.call}
    cast = "?" if column == "seq" else "CAST(? AS TEXT)"
    with closing(sqlite3.connect(full.path, isolation_level=None)) as database:
        (rowid,) = database.execute(
            "SELECT rowid FROM records WHERE tenant = ? AND seq = ?", (entry.tenant, entry.seq)
        ).fetchone()
        taken = column == "seq" and 0 < value <= 24
        if taken or value in {old[column], str(old[column]).encode()}:
            return
        try:
            database.execute(f"UPDATE records SET {column} = {cast} WHERE rowid = ?", (value, rowid))
            assert (entry.tenant, entry.seq) in {each[1:] for each in named(verify(full.path))}
        finally:
            database.execute(f"UPDATE records SET {column} = ? WHERE rowid = ?", (old[column], rowid))


def test_any_byte_of_the_file_that_matters_is_found(full: Place, tmp_path: Path) -> None:
    content = full.path.read_bytes()
    expected = list(tail(full.path, limit=1000))
    damaged = tmp_path / "damaged.db"
    for offset in range(0, len(content), 197):
        damaged.write_bytes(content[:offset] + bytes([content[offset] ^ 0x55]) + content[offset + 1 :])
        with contextlib.suppress(LedgerUnavailable):
            report = verify(damaged, public_key=full.public_key)
            assert not report.ok or list(tail(damaged, limit=1000)) == expected


def test_a_missing_record_is_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    execute(place, "DELETE FROM records WHERE tenant = 'red' AND seq = 5")
    assert named(check(place)) == {("missing", "red", 5)}


def test_records_that_changed_places_are_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    swap = "UPDATE records SET seq = ? WHERE tenant = 'red' AND seq = ?"
    execute(place, (swap, (-1, 5)), (swap, (5, 6)), (swap, (6, -1)))
    assert {each[1:] for each in named(check(place))} == {("red", 5), ("red", 6)}


def test_a_record_that_was_put_in_is_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    execute(place, "INSERT INTO records SELECT tenant, 25, call, body FROM records WHERE tenant = 'red' AND seq = 24")
    execute(place, "INSERT INTO records VALUES ('forged', 1, 'c9', '{}')")
    report = check(place)
    assert named(report) == {("unsigned", "red", 25), ("unsigned", "forged", 1)}
    assert report.findings[0].call == "c9"


def test_a_chain_that_is_gone_is_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    execute(place, "DELETE FROM records WHERE tenant = 'green'")
    assert named(check(place)) == {("missing", "green", seq) for seq in range(1, 25)}


def test_a_changed_signature_is_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    head = full.heads[len(full.heads) // 2]
    flipped = bytes([head.signature[0] ^ 1]) + head.signature[1:]
    execute(place, ("UPDATE heads SET signature = ? WHERE n = ?", (flipped, head.n)))
    report = check(place)
    assert report.findings[0].what == "bad-signature"
    assert f"head {head.n}" in report.findings[0].message
    assert report.records == 75


def test_a_changed_head_is_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    execute(place, "UPDATE heads SET body = replace(body, '\"records\":', '\"records\":1') WHERE n = 3")
    report = check(place)
    assert not report.ok
    assert "head 3" in report.findings[0].message


def test_a_missing_head_is_named(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    execute(place, "DELETE FROM heads WHERE n = 3")
    report = check(place)
    assert report.findings[0].message == "head 3 is missing"
    assert report.records == 75


def test_a_ledger_without_heads_proves_nothing(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    execute(place, "DELETE FROM heads")
    report = check(place)
    assert len(report.findings) == 75
    assert {finding.what for finding in report.findings} == {"unsigned"}


def test_an_endless_list_of_findings_is_cut(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    numbers = "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 500)"
    execute(place, f"INSERT INTO records {numbers} SELECT 'x', n, NULL, '{{}}' FROM i")
    report = check(place)
    assert len(report.findings) == 200
    assert report.more_findings == 300


def rewrite(place: Place, *, key: SigningKey | None, tenant: str = "red", seq: int = 5) -> None:
    """Change one record and make every later digest fit, as one who knows the format would do."""
    with closing(sqlite3.connect(place.path, isolation_level=None)) as database:
        digests: dict[tuple[str, int], str] = {}
        changed = False
        rows = database.execute("SELECT tenant, seq, body FROM records ORDER BY tenant, seq").fetchall()
        for name, number, body in rows:
            record = json.loads(body)
            if (name, number) == (tenant, seq):
                record["call"] = "innocent"
                changed = True
            if (name, number - 1) in digests and name == tenant:
                record["prev"] = digests[name, number - 1]
            text = canonical(record).decode()
            digests[name, number] = digest_text(text)
            update = "UPDATE records SET body = ?, call = ? WHERE tenant = ? AND seq = ?"
            database.execute(update, (text, record.get("call"), name, number))
        assert changed
        prev = "sha256:" + "0" * 64
        for n, body, old in database.execute("SELECT n, body, signature FROM heads ORDER BY n").fetchall():
            head = json.loads(body)
            head["prev"] = prev
            head["chains"] = [[name, first, last, digests[name, last]] for name, first, last, _ in head["chains"]]
            text = canonical(head)
            statement = f"mcpg-head-1:{head['ledger']}:{n}:{head['records']}:{hashlib.sha256(text).hexdigest()}"
            signature = key.sign(statement.encode()) if key else old
            database.execute("UPDATE heads SET body = ?, signature = ? WHERE n = ?", (text.decode(), signature, n))
            prev = digest_text(text + b"\n" + signature)


def test_a_rewritten_chain_without_the_key_is_found(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    rewrite(place, key=None)
    report = check(place)
    assert report.findings[0].what == "bad-signature"
    assert ("unsigned", "red", 5) in named(report)
    assert not verify(place.path).ok


def test_a_rewritten_chain_with_another_key_is_found(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    rewrite(place, key=SigningKey.generate())
    assert not check(place).ok
    assert not verify(place.path).ok


def test_a_rewritten_chain_with_the_key_is_found_by_a_head_from_outside(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    rewrite(place, key=load_signing_key(place.directory / "ledger.key"))
    assert check(place).ok
    report = check(place, head=full.heads[-1])
    assert [finding.what for finding in report.findings] == ["rewritten"]


async def test_a_ledger_begun_anew_is_found_by_the_pinned_key(full: Place, tmp_path: Path) -> None:
    other = await SqliteLedger.open(tmp_path / "new.db", state=tmp_path)
    await other.append("red", {"kind": "event"})
    await other.close()
    assert verify(other.path).ok
    report = verify(other.path, public_key=full.public_key)
    assert ("rewritten", SYSTEM, 1) in named(report)
    assert not report.ok
    report = verify(other.path, head=full.heads[0])
    assert [finding.what for finding in report.findings] == ["bad-signature"]


def test_a_cut_end_is_found_by_a_later_head(full: Place, tmp_path: Path) -> None:
    place = full.copy(tmp_path / "x")
    kept = full.heads[len(full.heads) // 2]
    with closing(sqlite3.connect(place.path, isolation_level=None)) as database:
        heads = database.execute("SELECT body FROM heads WHERE n > ?", (kept.n,)).fetchall()
        for (body,) in heads:
            for tenant, first, last, _ in json.loads(body)["chains"]:
                database.execute("DELETE FROM records WHERE tenant = ? AND seq BETWEEN ? AND ?", (tenant, first, last))
        database.execute("DELETE FROM heads WHERE n > ?", (kept.n,))
    assert check(place).ok
    assert check(place, head=kept).ok
    report = check(place, head=full.heads[-1].text)
    assert [finding.what for finding in report.findings] == ["cut"]
    assert report.findings[0].message == (
        f"the end is cut off: head {full.heads[-1].n} stood for 75 records, {kept.records} are here"
    )


@pytest.mark.parametrize("options", [{"public_key": "ed25519:x"}, {"head": "mcpg-head-1:x"}])
def test_a_key_or_head_that_is_none_is_a_config_error(full: Place, options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        verify(full.path, **options)
