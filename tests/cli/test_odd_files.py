"""Files that are not what a verb wants, in every place where one is named: one error, no traceback, nothing made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.goods import Desk

VERBS = {
    "lock": ("list --lock-file odd", 1),
    "component": ("inspect file:odd", 3),
    "layout": ("inspect layout:odd#acme/anon:1.0.0", 3),
    "trust": ("verify layout:lay#acme/anon:1.0.0 --trust odd", 1),
    "pushed": ("push odd layout:other#acme/anon", 1),
    "private": ("push anon.wasm layout:other#acme/anon --sign-key odd", 1),
    "public": ("verify layout:lay#acme/anon:1.0.0 --key odd", 1),
    "bundle": ("mirror verify odd", 1),
    "told": ("mirror create --from odd --out new.tar", 1),
    "have": ("mirror create --from mine.lock --have odd --out new.tar", 1),
    "list": ("mirror create --from mine.lock --revocations odd --out new.tar", 1),
    "operator": ("mirror verify odd --operator-key odd", 1),
    "also": ("mirror prune --keep-locked --also odd", 1),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_circle_of_links_is_one_error(desk: Desk, verb: str) -> None:
    (desk.folder / "odd").symlink_to("odd")
    desk.write("mine.lock", '{"plugins": {}, "revocations": 1, "schema": 1}')
    arguments, code = VERBS[verb]
    done = desk.run(*arguments.split(), code=code)
    assert done.stdout == ""
    assert done.stderr.count("error: ") == 1
    assert "odd" in done.stderr
    assert "to do: " in done.stderr
    assert not (desk.folder / "other").exists()
    assert not (desk.folder / "new.tar").exists()
