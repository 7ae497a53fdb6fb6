"""Effects, replies and what ends a pass."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcpg_sdk import Failed, Problem, all, ask, ask_client, http, log, sql, text_result
from mcpg_sdk.run import Answer, Reply, current, drive
from mcpg_sdk.texts import dump

SDK = Path(__file__).parents[1]


def reply(value):
    return Reply(json.dumps(value))


def done(value):
    return Answer("done", dump(value, "it"))


def two_steps():
    a = http(url="a")
    b, c = all([http.effect(url="b"), sql.effect(connection="x", statement="c")])
    return done([a, b, c])


def test_perform_names_all_effects_from_the_start():
    first = drive([], two_steps)
    assert first == ("perform", [("http", '{"url":"a"}')])
    second = drive([reply(1)], two_steps)
    assert [effect.driver for effect in second.value] == ["http", "http", "sql"]
    assert second.value[0] == first.value[0]
    assert drive([reply(1), reply(2), reply(3)], two_steps) == ("done", "[1,2,3]")
    assert drive([reply(1), reply(2)], two_steps) == second


def swallowed():
    try:
        http(url="a")
    except:  # noqa: E722 - what authors do
        pass
    try:
        http(url="b")
    finally:
        return done("swallowed")  # noqa: B012 - likewise


def test_a_swallowed_signal_still_performs_and_nothing_is_asked_after_it():
    assert drive([], swallowed) == ("perform", [("http", '{"url":"a"}')])
    assert len(drive([reply(1)], swallowed).value) == 2
    assert drive([reply(1), reply(2)], swallowed) == ("done", '"swallowed"')


def raises_after():
    try:
        http(url="a")
    except BaseException:
        raise ValueError("lost") from None


def test_an_error_after_the_signal_does_not_hide_it():
    assert drive([], raises_after).tag == "perform"


def test_a_failed_reply_can_be_caught_and_is_failed_when_it_is_not():
    late = Reply(problem=("timeout", "late"))

    def caught():
        try:
            return done(http(url="a"))
        except Failed as failed:
            return done([failed.code, failed.message, failed.driver])

    assert drive([late], lambda: done(http(url="a"))) == ("failed", ("timeout", "late"))
    assert drive([late], caught) == ("done", '["timeout","late","http"]')


def test_all_raises_the_first_failure_or_gives_each():
    replies = [reply(1), Reply(problem=("x", "y")), reply(3)]
    effects = [http.effect(url=each) for each in "abc"]
    assert drive(replies, lambda: done(all(effects))) == ("failed", ("x", "y"))

    def each():
        one, two, three = all(effects, failures=True)
        return done([one, two.code, three])

    assert drive(replies, each) == ("done", '[1,"x",3]')
    assert drive([], lambda: done(all([]))) == ("done", "[]")


def test_pythons_own_all_is_told_apart():
    answer = drive([], lambda: done(all(x > 0 for x in (1, 2))))
    assert answer.value[0] == "plugin-error"
    assert "builtins.all" in answer.value[1]


def logged():
    log("info", "begun", {"a": 1})
    a = http(url="a")
    log("error", "ended")
    return done(a)


def test_a_line_of_the_log_costs_no_pass_of_its_own_but_the_last():
    first = drive([], logged)
    assert [effect.driver for effect in first.value] == ["log", "http"]
    assert json.loads(first.value[0].request) == {"level": "info", "message": "begun", "data": {"a": 1}}
    second = drive([reply({}), reply(5)], logged)
    assert (second.tag, len(second.value)) == ("perform", 3)
    assert drive([reply({}), reply(5), Reply(problem=("no", "log"))], logged) == ("done", "5")


def test_a_line_of_the_log_outside_a_run_is_dropped_and_long_ones_are_cut():
    log("info", "nobody listens")
    (effect,) = drive([], lambda: done(log("info", "x" * 5000))).value
    assert len(json.loads(effect.request)["message"]) == 4096


def asking():
    log("info", "before")
    answers = ask_client({"name": {"method": "elicitation/create", "params": {}}}, "here")
    return done([answers, http(url="a")])


def test_the_client_is_asked_after_every_earlier_reply_and_keeps_its_place():
    assert [effect.driver for effect in drive([], asking).value] == ["log"]
    asked = drive([reply({})], asking)
    assert asked.tag == "ask"
    assert json.loads(asked.value)["state"] == "here"
    third = drive([reply({}), reply({"name": "ana"})], asking)
    assert [effect.driver for effect in third.value] == ["log", "ask", "http"]
    assert third.value[1].request == asked.value
    assert drive([reply({}), reply({"name": "ana"}), reply(1)], asking) == ("done", '[{"name":"ana"},1]')


def test_effects_outside_a_run_are_refused():
    with pytest.raises(Problem, match="__init__"):
        http(url="a")
    with pytest.raises(Problem):
        current()


def test_any_driver_can_be_asked():
    assert drive([], lambda: done(ask("kv", {"get": "a"}))) == ("perform", [("kv", '{"get":"a"}')])
    assert drive([Reply("nonsense")], lambda: done(ask("kv", {}))).value[0] == "bad-reply"


def test_lone_surrogates_do_not_cross_the_boundary():
    assert dump({"a": "\ud83d \ud83d\ude00 ü"}, "it") == '{"a":"\ufffd \U0001f600 ü"}'
    assert text_result("x") == {"content": [{"type": "text", "text": "x"}]}


def test_lone_surrogates_need_no_codec_that_the_sandbox_lacks():
    text = r"a\ud800b\udc00\ud83d\ude00"
    code = f"import sys, mcpg_sdk.texts as t; sys.meta_path[:] = []; print(ascii(t.well_formed('{text}')))"
    made = subprocess.run([sys.executable, "-c", code], cwd=SDK, capture_output=True, text=True)
    assert made.stdout.strip() == ascii("a\ufffdb\ufffd\U0001f600"), made.stderr
