"""What classes may be plugins, what they may answer, and how they are tested."""

import json

import pytest

from mcpg_sdk import (
    Failed, Problem, abstain, annotate, backend, changed, deny, error_result, http, json_result, permit, policy, secret,
    text_result, transform, unchanged,
)  # fmt: skip
from mcpg_sdk.kinds import Session, kind_of
from mcpg_sdk.testing import Plugin


def deciding(answer):
    class Rules:
        def decide(self, caller, action):
            return answer

    return Session("policy", policy(Rules))


def ask(session, function, *documents):
    session.configure("{}")
    return session.ask(function, [json.dumps(each) for each in documents])


def test_policy():
    note = annotate({"notes": {"a": "b"}})
    assert ask(deciding(permit(note)), "decide", {}, {}) == ("permit", [("annotate", '{"notes":{"a":"b"}}')])
    assert ask(deciding(deny("no", "not\nyou")), "decide", {}, {}) == ("deny", ("no", "not you"))
    assert ask(deciding(abstain()), "decide", {}, {}) == ("abstain", None)
    assert ask(deciding(deny("no", "")), "see", {}, [{}, {}]) == ("seen", "dd")


@pytest.mark.parametrize(
    ("answer", "said"), [(None, "nothing"), (True, "True"), (unchanged(), "unchanged"), ("permit", "'permit'")]
)
def test_what_is_no_verdict_fails_and_names_the_line(answer, said):
    tag, (code, message) = ask(deciding(answer), "decide", {}, {})
    assert (tag, code) == ("failed", "plugin-error")
    assert said in message
    assert "`permit()`, `deny(code, message)` or `abstain()` (test_kinds.py:" in message.replace("tests/", "")
    assert ask(deciding(answer), "see", {}, [{}])[0] == "failed"


def test_see():
    @policy
    class Rules:
        def __init__(self, config):
            self.answer = config["answer"]

        def decide(self, caller, action):
            return permit()

        def see(self, caller, actions):
            return self.answer

    def seen(answer):
        return Plugin(Rules, {"answer": answer}).run("see", {}, [{}, {}])[0]

    assert seen("pd") == ("seen", "pd")
    assert seen(["a", "d"]) == ("seen", "ad")
    assert [seen(each)[0] for each in ("p", "px", None, 5, ["p", None])] == ["failed"] * 5


def test_transform_says_unchanged_for_what_it_leaves_out():
    @transform
    class Half:
        def after(self, caller, call, outcome):
            return changed({"n": outcome["n"] + 1})

    plugin = Plugin(Half)
    assert plugin.run("before", {}, {}) == (("unchanged", None), [])
    assert plugin.run("after", {}, {}, {"n": 1}) == (("changed", {"n": 2}), [])


def test_backend():
    @backend
    class Asking:
        def call(self, caller, call):
            reply = http(url="u", headers={"authorization": secret("secret://env/T", "Bearer ")})
            return json_result(reply["json"])

    plugin = Plugin(Asking)
    assert plugin.run("describe") == (("catalog", {}), [])
    (tag, result), effects = plugin.run("call", {}, {}, replies=[{"status": 200, "json": {"a": 1}}])
    assert (tag, result["structuredContent"]) == ("done", {"a": 1})
    assert effects[0][1]["headers"] == {"authorization": {"$secret": "secret://env/T", "prefix": "Bearer "}}
    assert plugin.run("call", {}, {}, replies=[Failed("timeout", "late")])[0] == (
        "failed",
        ("timeout", "late"),
    )
    with pytest.raises(AssertionError, match="has no reply"):
        plugin.run("call", {}, {})


def test_results():
    assert error_result("no")["isError"] is True
    assert text_result("yes") == {"content": [{"type": "text", "text": "yes"}]}
    assert json_result([1]) == {"content": [{"type": "text", "text": "[1]"}]}
    large = json_result({"a": {"$ref": "blob:0"}})
    assert large["content"][0]["text"] == "The result has large parts: see the structured content."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return config['missing']", ("bad-config", "KeyError: 'missing'")),
        ("raise Problem('too-many', 'of them')", ("too-many", "of them")),
        ("return undefined", ("plugin-error", "NameError")),
        ("raise SystemExit(1)", ("plugin-error", "SystemExit: 1")),
        ("http(url='a')", ("plugin-error", "not in `__init__`")),
    ],
)
def test_a_refused_configuration(body, said):
    names = {"Problem": Problem, "http": http, "__name__": __name__}
    exec(f"class Rules:\n def __init__(self, config):\n  {body}\n def decide(self, caller, action): ...", names)
    with pytest.raises(Problem) as refused:
        Plugin(policy(names["Rules"]))
    assert refused.value.code == said[0]
    assert said[1] in refused.value.message


def test_a_plugin_is_configured_once_and_not_asked_before():
    session = deciding(permit())
    assert session.ask("decide", ["{}", "{}"]).tag == "failed"
    assert session.configure("{}") is None
    assert session.configure("{}")[0] == "bad-config"


def declared(source, kind=policy):
    names = {"__name__": __name__}
    exec(source, names)
    return kind(next(each for key, each in names.items() if key[0].isupper()))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("class Rules: pass", "needs a method `decide(self, caller, action)`"),
        ("class Policy:\n def decide(self, caller, action): ...", "call the class something else"),
        ("class Rules:\n async def decide(self, caller, action): ...", "`async`"),
        ("class Rules:\n def decide(self, action): ...", "write `def decide(self, caller, action)`"),
    ],
)
def test_what_cannot_be_a_plugin(source, said):
    with pytest.raises(TypeError) as refused:
        declared(source)
    assert said in str(refused.value)


def test_a_class_is_a_plugin_once_it_was_declared():
    assert kind_of(declared("class Rules:\n def decide(self, caller, action): ...")) == "policy"
    with pytest.raises(TypeError, match="no plugin"):
        kind_of(str)
