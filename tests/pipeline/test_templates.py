"""URI templates: what they take, and that no template makes matching slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpg.pipeline.templates import Template


@pytest.mark.parametrize(
    ("template", "uri", "matches"),
    [
        ("db://{table}/rows/{id}", "db://customers/rows/7", True),
        ("db://{table}/rows/{id}", "db://customers/rows/7/8", False),
        ("db://{table}/rows/{id}", "db://customers/rows/", False),
        ("db://{table}/rows/{id}", "db:///rows/7", False),
        ("db://{table}/rows/{id}", "xdb://a/rows/7", False),
        ("file:///{+path}", "file:///a/b/c", True),
        ("file:///{path*}", "file:///a/b/c", True),
        ("file:///{path}", "file:///a/b", False),
        ("a:{x}{y}", "a:12", True),
        ("a:{x}.txt", "a:b.txt.txt", True),
        ("a:{x}-{y}.txt", "a:b-c.txt", True),
        ("a:fixed", "a:fixed", True),
        ("a:fixed", "a:fixed2", False),
        ("{x}", "", False),
        ("{", "{", True), ("{{a}", "{b", True), ("{a}{", "b{", True), ("}{", "}{", True), ("", "", True),
        ("{x}", "anything", True),
    ],
)  # fmt: skip
def test_a_template_takes_what_it_says(template, uri, matches):
    assert Template(template).matches(uri) is matches


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4), st.text("ab", min_size=1, max_size=6))
def test_what_is_expanded_from_a_template_matches_it(literals, value):
    template = "x:" + "".join(f"{{v{n}}}/{literal}/" for n, literal in enumerate(literals))
    uri = re.sub(r"\{v\d+\}", value, template)
    assert Template(template).matches(uri)


def test_a_hostile_template_is_matched_in_linear_time():
    hostile = "a:" + "{x}b" * 500 + "!"
    assert not Template(hostile).matches("a:" + "b" * 200_000)


@given(st.text("{}+*#/ab:", max_size=12), st.text("{}ab:/", max_size=8))
def test_any_text_is_a_template(text, uri):
    assert isinstance(Template(text).matches(uri), bool)
