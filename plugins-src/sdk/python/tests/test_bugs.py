"""What an author is told of an error."""

import json

import pytest

from mcpg_sdk import Problem, changed, http
from mcpg_sdk.problems import Unavailable
from mcpg_sdk.run import drive


def told(author):
    tag, (code, message) = drive([], author)
    assert tag == "failed"
    return code, message.replace("tests/", "")


def line_of(function):
    return f"(test_bugs.py:{function.__code__.co_firstlineno + 1})"


def divides():
    return 1 / 0


def parses():
    return json.loads("{nonsense")


def recurses():
    return recurses()


def remedy():
    raise Unavailable("`time.time`", "read `/run/now`")


def broken_text():
    class Broken(Exception):
        def __str__(self):
            raise ValueError("again")

    raise Broken


@pytest.mark.parametrize("author", [divides, parses, recurses, remedy])
def test_the_line_of_the_authors_code_is_named_even_when_a_library_raised(author):
    code, message = told(author)
    assert code == "plugin-error"
    assert message.endswith(line_of(author))


def test_messages():
    assert told(divides)[1].startswith("ZeroDivisionError: division by zero (")
    assert told(remedy)[1].startswith("`time.time` does not work in a plugin: read `/run/now` (")
    assert told(broken_text)[1].startswith("Broken: no message (")


def test_a_problem_is_told_as_it_is_on_one_line():
    def author():
        raise Problem("own", "two\nlines \x1b[31m " + "x" * 1000)

    code, message = told(author)
    assert code == "own"
    assert message.startswith("two lines [31m xxx")
    assert len(message) == 500


def compiled():
    exec(compile("def f():\n    return x + 1\n", "rules.py", "exec"), names := {})
    return names["f"]()


def syntax():
    compile("def f(:\n", "rules.py", "exec")


def test_code_that_a_plugin_compiles_has_lines_too():
    assert told(compiled)[1].endswith("(rules.py:2)")
    assert told(syntax)[1].endswith("(rules.py:1)")


@pytest.mark.parametrize(
    ("value", "said"), [({1, 2}, "sorted"), (b"x", "base64"), (float("nan"), "not JSON"), (object(), "object")]
)
def test_what_is_no_json_is_named(value, said):
    for author in (lambda: changed({"a": value}), lambda: http(url=value)):
        code, message = told(author)
        assert code == "plugin-error"
        assert said in message
