"""Tasks of upstreams: ids of our own, requests judged one by one, questions and results as a call's own."""

from __future__ import annotations

import json
import re

import pytest

from mcpg.contract.documents import Caller, How
from mcpg.contract.ports import Refusal
from mcpg.contract.problems import UpstreamFailed
from mcpg.contract.verdicts import Case, Obligation, Problem
from mcpg.contract.worlds import PluginKind
from mcpg.pipeline.routes import Route
from mcpg.pipeline.task_ids import LIFE
from mcpg.protocol.methods import TASKS_EXTENSION

ABLE = {"elicitation": {}, "extensions": {TASKS_EXTENSION: {}}}
MODERN = {"version": "2026-07-28", "capabilities": ABLE}
TASK = {
    "taskId": "inner-1", "status": "working", "createdAt": "2026-11-21T10:00:00Z",
    "lastUpdatedAt": "2026-11-21T10:00:00Z", "ttlMs": 60_000, "pollIntervalMs": 50,
}  # fmt: skip
CREATED = {"resultType": "task", **TASK, "statusMessage": "under way"}
FORM = {"method": "elicitation/create", "params": {"message": "secret?", "requestedSchema": {"type": "object"}}}
SAMPLE = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}
DONE = {"content": [{"type": "text", "text": "all of it"}]}
DENY = Case("deny", Problem("no", "no"))
REDACT = Case("permit", [Obligation("redact", '{"paths": ["/content/*/text"]}')])
BEN = Caller(id="ben", kind="user", how=How(credential="api-key", plugin="keys"), trust="verified")


class Jobs:
    """An upstream that answers requests about tasks from a script, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.answers = {"tasks/get": {**TASK}, "tasks/update": {}, "tasks/cancel": {}}

    async def request(self, upstream, method, params, *, deadline, notify=None, party=None):
        self.asked.append((upstream, method, params, party))
        answer = self.answers[method]
        if isinstance(answer, Exception):
            raise answer
        return (
            answer if "error" in answer and "status" not in answer else {"result": {"resultType": "complete", **answer}}
        )


@pytest.fixture
def jobs(bench):
    bench.about["capabilities"]["extensions"] = {TASKS_EXTENSION: {}}
    made = Jobs()
    bench.upstreams.request = made.request
    return made


def begun(function, caller, call, replies):
    return Case("done", json.dumps(CREATED))


def plan(bench, kit, judge=None, answer=begun, route=None, **more):
    tool = Route(
        kind="tool", name="tools.job", backend="back", entry={"name": "tools.job"}, upstream="jobs", target="job",
        check=lambda value: [] if value.get("n") == 1 else ["n is missing"], **(route or {}),
    )  # fmt: skip
    bench.plan(tool, policy=[kit.policy(judge or kit.permit)], backends={"back": kit.backend(answer)}, **more)


async def begin(bench, **more):
    return await bench.call("tools.job", {"n": 1}, **{**MODERN, **more})


async def about(bench, method, token, **more):
    params = {"taskId": token, **more.pop("params", {})}
    return await bench.call(method=method, params=params, **{**MODERN, **more})


async def refused(bench, method, token, **more):
    with pytest.raises(Refusal) as found:
        await about(bench, method, token, **more)
    return found.value


def mangled(text):
    return ("A" if text[0] != "A" else "B") + text[1:]


async def test_a_task_gets_an_id_of_our_own_that_fits_into_a_header(bench, kit, jobs):
    plan(bench, kit)
    task = await begin(bench)
    assert task == {**CREATED, "taskId": task["taskId"], "_meta": task["_meta"]}
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,4096}", task["taskId"])
    assert "inner-1" not in task["taskId"]
    outcome = bench.ledger.of("outcome")[0]
    assert (outcome["status"], outcome["code"]) == ("ok", "task")


async def test_what_only_the_gateway_says_no_server_says_of_its_task(bench, kit, jobs):
    meta = {
        "dev.mcpg/call": "x",
        "dev.mcpg/annotations": {"safe": 1},
        "io.modelcontextprotocol/serverInfo": {},
        "own": 1,
    }

    def forging(function, caller, call, replies):
        return Case("done", json.dumps({**CREATED, "_meta": meta}))

    plan(bench, kit, answer=forging)
    task = await begin(bench)
    jobs.answers["tasks/get"] = {**TASK, "_meta": meta}
    found = await about(bench, "tasks/get", task["taskId"])
    calls = [record["call"] for record in bench.ledger.of("intent")]
    assert [task["_meta"], found["_meta"]] == [{"own": 1, "dev.mcpg/call": call} for call in calls]


async def test_requests_about_a_task_go_to_its_upstream_under_its_own_id(bench, kit, jobs):
    judged = []

    def judge(caller, action):
        judged.append(action)
        return kit.permit

    plan(bench, kit, judge)
    token = (await begin(bench))["taskId"]
    found = await about(bench, "tasks/get", token)
    assert {key: found[key] for key in TASK} == {**TASK, "taskId": token}
    for method, more in (("tasks/update", {"inputResponses": {}}), ("tasks/cancel", {})):
        assert await about(bench, method, token, params=more) == {}
    sent = [(upstream, method, params) for upstream, method, params, _ in jobs.asked]
    assert sent == [
        ("jobs", "tasks/get", {"taskId": "inner-1"}),
        ("jobs", "tasks/update", {"taskId": "inner-1", "inputResponses": {}}),
        ("jobs", "tasks/cancel", {"taskId": "inner-1"}),
    ]
    assert jobs.asked[0][3].capabilities == ABLE
    methods = [(a["method"], a["name"], a["upstream"]) for a in judged if a["method"].startswith("tasks/")]
    assert methods == [(f"tasks/{each}", "tools.job", "jobs") for each in ("get", "update", "cancel")]
    first = bench.ledger.records[0]["call"]
    kinds = [(r["kind"], r.get("method"), r.get("resumes")) for r in bench.ledger.records[2:]]
    assert kinds[:2] == [("intent", "tasks/get", first), ("outcome", None, None)]
    assert len(kinds) == 6


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_an_id_that_is_not_the_callers_is_unknown_and_asks_nobody(bench, kit, jobs, method):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    wrong = {"forged": mangled(token), "inner": "inner-1", "none": "", "cut": token[:-4]}
    for name in wrong.values():
        assert ((await refused(bench, method, name)).code, jobs.asked) == (-32602, [])
    assert (await refused(bench, method, token, caller=BEN)).code == -32602
    plan(bench, kit, endpoint="team")
    assert (await refused(bench, method, token)).code == -32602
    assert jobs.asked == []
    assert len(bench.ledger.of("refusal")) == 6


async def test_an_id_opens_after_a_restart_and_not_beyond_its_life(bench, kit, jobs):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    bench.start()
    bench.about["capabilities"] = {}  # its upstream has not been reached yet
    assert (await about(bench, "tasks/get", token))["taskId"] == token
    now = bench.sealer._clock()
    bench.sealer._clock = lambda: now + LIFE + 1
    bench.about["capabilities"] = {"extensions": {TASKS_EXTENSION: {}}}
    assert (await refused(bench, "tasks/get", token)).code == -32602


async def test_who_has_not_declared_tasks_is_told_what_is_missing(bench, kit, jobs):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    error = await refused(bench, "tasks/get", token, capabilities={})
    assert (error.code, error.data) == (-32021, {"requiredCapabilities": {"extensions": {TASKS_EXTENSION: {}}}})
    bench.about["capabilities"] = {}
    assert (await refused(bench, "tasks/get", "x", capabilities={})).code == -32601
    old = {"version": "2025-11-25", "capabilities": ABLE}
    assert (await refused(bench, "tasks/get", token, **old)).code == -32601
    assert jobs.asked == []


@pytest.mark.parametrize("client", [{"capabilities": {}}, {"version": "2025-11-25", "capabilities": ABLE}])
async def test_a_task_for_a_client_that_knows_none_is_no_result(bench, kit, jobs, client):
    plan(bench, kit)
    result = await begin(bench, **client)
    assert (result["isError"], "bad-document" in result["content"][0]["text"]) == (True, True)


async def test_a_task_of_what_is_no_upstream_is_no_result(bench, kit, jobs):
    bench.plan(kit.route(), policy=[kit.policy(kit.permit)], backends={"back": kit.backend(begun)})
    result = await bench.call("echo", **MODERN)
    assert (result["isError"], "bad-task" in result["content"][0]["text"]) == (True, True)


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize("support", ["required", "optional"])
async def test_a_tool_that_wants_tasks_of_an_older_kind_says_so(bench, kit, jobs, support, version):
    def failing(function, caller, call, replies):
        return Case("failed", Problem("mcp-unknown-method", "-32601: no"))

    entry = {"name": "echo", "execution": {"taskSupport": support}}
    old = Route(kind="tool", name="echo", backend="back", entry=entry, upstream="jobs")
    bench.plan(old, policy=[kit.policy(kit.permit)], backends={"back": kit.backend(failing)})
    result = await bench.call("echo", version=version, capabilities=ABLE)
    assert ("`tasks`" in result["content"][0]["text"], result["isError"]) == (support == "required", True)


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_each_request_needs_a_permit_of_its_own(bench, kit, jobs, method):
    plan(bench, kit, lambda caller, action: DENY if action["method"] == method else kit.permit)
    token = (await begin(bench))["taskId"]
    assert (await refused(bench, method, token)).code == -31002
    assert (jobs.asked, bench.ledger.records[-1]["kind"]) == ([], "refusal")


async def test_who_may_use_the_tool_no_more_may_ask_for_its_tasks_no_more(bench, kit, jobs):
    allowed = [True]

    def judge(caller, action):
        return kit.permit if allowed[0] or action["method"] != "tools/call" else DENY

    plan(bench, kit, judge)
    token = (await begin(bench))["taskId"]
    allowed[0] = False
    assert (await refused(bench, "tasks/get", token)).code == -32602
    allowed[0] = True
    plan(bench, kit, fenced=frozenset({"back"}))
    assert (await refused(bench, "tasks/get", token)).code == -31005
    bench.plan(policy=[kit.policy(kit.permit)], backends={"back": kit.backend(begun)})
    assert (await refused(bench, "tasks/get", token)).code == -32602
    assert jobs.asked == []


async def test_what_came_by_a_plugin_that_was_fenced_meanwhile_is_not_told(bench, kit, jobs):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    answer = bench.upstreams.request

    async def fencing(*given, **more):
        bench.distrust.note("back", bench.now.backends["back"].guest.digest)
        return await answer(*given, **more)

    bench.upstreams.request = fencing
    assert (await refused(bench, "tasks/get", token)).code == -31005
    assert bench.ledger.records[-1]["stage"] == "fence"


async def test_a_request_about_a_task_costs_what_limits_say(bench, kit, jobs):
    charge = (["caller", "ana"], 1_000_000, 2_000_000, 1_000_000, 0)

    def answer(function, *rest):
        return Case("charge", [charge]) if function == "reserve" else Case("ok", [charge])

    plan(bench, kit, limits=[kit.guest("fair-use", PluginKind.LIMIT, answer)])
    token = (await begin(bench))["taskId"]
    await about(bench, "tasks/get", token)
    assert (await refused(bench, "tasks/get", token)).code == -31003
    assert len(jobs.asked) == 1


async def test_nothing_is_asked_when_the_ledger_cannot_be_written(bench, kit, jobs):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    bench.ledger.broken = True
    assert (await refused(bench, "tasks/get", token)).code == -31005
    assert jobs.asked == []


@pytest.mark.parametrize("redacted", ["tools/call", "tasks/get"])
async def test_a_result_is_redacted_as_the_calls_own_would_be(bench, kit, jobs, redacted):
    plan(bench, kit, lambda caller, action: REDACT if action["method"] == redacted else kit.permit)
    task = await begin(bench)
    assert ("statusMessage" in task) is (redacted == "tasks/get")
    meta = {"io.modelcontextprotocol/related-task": {"taskId": "inner-1"}, "dev.mcpg/call": "x", "own": 1}
    jobs.answers["tasks/get"] = {**CREATED, "status": "completed", "result": {**DONE, "_meta": meta}}
    found = await about(bench, "tasks/get", task["taskId"])
    assert found["result"] == {"content": [{"type": "text", "text": "[redacted]"}], "_meta": {"own": 1}}
    assert "statusMessage" not in found
    jobs.answers["tasks/get"] = {**CREATED, "status": "failed", "error": {"code": -32000, "message": "all of it"}}
    found = await about(bench, "tasks/get", task["taskId"])
    assert found["error"] == {"code": -32000, "message": "the task failed"}


async def test_a_result_passes_the_transforms_and_the_output_schema(bench, kit, jobs):
    seen = []

    def upper(function, caller, call, *rest):
        if function == "before":
            return Case("unchanged")
        outcome = rest[0]
        seen.append((call["method"], call["name"], outcome["status"]))
        words = outcome["result"]["content"][0]["text"].upper()
        return Case("changed", json.dumps({"content": [{"type": "text", "text": words}]}))

    transform = kit.guest("upper", PluginKind.TRANSFORM, upper)
    plan(bench, kit, transforms=[transform])
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = {**CREATED, "status": "completed", "result": DONE}
    found = await about(bench, "tasks/get", token)
    assert found["result"]["content"][0]["text"] == "ALL OF IT"
    assert seen == [("tools/call", "tools.job", "ok")]
    plan(bench, kit, route={"check_output": lambda value: ["it is none"]})
    found = await about(bench, "tasks/get", token)
    assert (found["status"], found["result"]["isError"]) == ("completed", True)
    assert "bad-output" in found["result"]["content"][0]["text"]


async def test_what_a_task_asks_is_judged_redacted_and_recorded(bench, kit, jobs):
    def judge(caller, action):
        ask = action["method"] == "elicitation/create"
        return Case("permit", [Obligation("redact", '{"paths": ["/message"]}')]) if ask else kit.permit

    plan(bench, kit, judge)
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = {**TASK, "status": "input_required", "inputRequests": {"k": FORM}}
    found = await about(bench, "tasks/get", token)
    assert found["inputRequests"]["k"]["params"]["message"] == "[redacted]"
    (asked,) = bench.ledger.of("asked")
    assert [(a["key"], a["method"], a["verdict"]) for a in asked["asks"]] == [("k", "elicitation/create", "asked")]
    given = {"k": {"action": "accept", "content": {"a": 1}}, "unknown": {"ignored": True}}
    await about(bench, "tasks/update", token, params={"inputResponses": given})
    assert jobs.asked[-1][2] == {"taskId": "inner-1", "inputResponses": {"k": given["k"]}}
    (answered,) = bench.ledger.of("answered")
    assert answered["resumes"] == bench.ledger.records[0]["call"]
    assert {a["key"]: a["verdict"] for a in answered["asks"]} == {"k": "answered", "unknown": "invalid"}


async def test_a_refused_form_is_declined_and_its_client_sees_nothing_of_it(bench, kit, jobs):
    plan(bench, kit, lambda caller, action: DENY if action["method"] == "elicitation/create" else kit.permit)
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = {**TASK, "status": "input_required", "inputRequests": {"k": FORM}}
    found = await about(bench, "tasks/get", token)
    assert (found["status"], "inputRequests" in found) == ("working", False)
    assert jobs.asked[-1][1:3] == (
        "tasks/update",
        {"taskId": "inner-1", "inputResponses": {"k": {"action": "decline"}}},
    )
    assert bench.ledger.of("asked")[0]["asks"][0]["verdict"] == "refused"


async def test_refused_sampling_cannot_be_told_and_is_an_error(bench, kit, jobs):
    plan(bench, kit, lambda caller, action: DENY if action["method"] == "sampling/createMessage" else kit.permit)
    able = {**ABLE, "sampling": {}}
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = {**TASK, "status": "input_required", "inputRequests": {"k": SAMPLE}}
    error = await refused(bench, "tasks/get", token, capabilities=able)
    assert (error.code, error.data["reason"]) == (-31002, "ask-refused")
    assert await about(bench, "tasks/cancel", token) == {}


async def test_a_client_is_asked_only_for_what_it_has_declared(bench, kit, jobs):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = {**TASK, "status": "input_required", "inputRequests": {"k": SAMPLE}}
    error = await refused(bench, "tasks/get", token)
    assert (error.code, list(error.data["requiredCapabilities"])) == (-32021, ["sampling"])
    assert bench.ledger.of("asked")[0]["how"] == "impossible"


async def test_what_a_client_answers_passes_the_transforms(bench, kit, jobs):
    def clean(function, caller, call, *rest):
        if function == "before" and call["method"] == "elicitation/create":
            return Case("changed", json.dumps({**call["arguments"], "content": {"a": "clean"}}))
        return Case("unchanged")

    plan(bench, kit, transforms=[kit.guest("clean", PluginKind.TRANSFORM, clean)])
    token = (await begin(bench))["taskId"]
    given = {"k": {"action": "accept", "content": {"a": "dirty"}}}
    await about(bench, "tasks/update", token, params={"inputResponses": given})
    assert jobs.asked[-1][2]["inputResponses"] == {"k": {"action": "accept", "content": {"a": "clean"}}}


ERRORS = {
    "unknown": ({"code": -32602, "message": "row 5 of jobs"}, -32602, "unknown task"),
    "lacking": (
        {"code": -32021, "message": "x", "data": {"requiredCapabilities": {"sampling": {}}}}, -32021, "sampling",
    ),
    "another": ({"code": -32000, "message": "password=5"}, -32603, "the backend failed: mcp-error"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
async def test_an_upstreams_error_is_told_without_its_words(bench, kit, jobs, name):
    error, code, words = ERRORS[name]
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = {"error": error}
    found = await refused(bench, "tasks/get", token)
    assert (found.code, words in str(found), error["message"] in str(found)[:20]) == (code, True, False)
    assert bench.ledger.records[-1]["status"] == "failed"


async def test_an_upstream_that_is_away_or_speaks_of_another_task_is_an_error(bench, kit, jobs):
    plan(bench, kit)
    token = (await begin(bench))["taskId"]
    jobs.answers["tasks/get"] = UpstreamFailed("it is away", code="upstream-unavailable")
    assert "upstream-unavailable" in str(await refused(bench, "tasks/get", token))
    jobs.answers["tasks/get"] = {**TASK, "taskId": "inner-2"}
    assert "bad-task" in str(await refused(bench, "tasks/get", token))


HOSTILE = {
    "an id of a megabyte": {"taskId": "x" * (1 << 20)},
    "no id": {"taskId": 5},
    "a status of its own": {"status": "dancing"},
    "no time": {"createdAt": "yesterday"},
    "a life that is no number": {"ttlMs": "long"},
    "a life that ended before it began": {"ttlMs": -1},
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_malformed_task_may_have_happened_and_is_none(bench, kit, jobs, name):
    def hostile(function, caller, call, replies):
        return Case("done", json.dumps({**CREATED, **HOSTILE[name]}))

    plan(bench, kit, answer=hostile)
    result = await begin(bench)
    assert (result["isError"], "It may have happened" in result["content"][0]["text"]) == (True, True)
    assert bench.ledger.of("outcome")[0]["status"] == "unknown"


async def test_more_obligations_than_an_id_has_room_for_keep_the_task_back(bench, kit, jobs):
    paths = json.dumps({"paths": [f"/content/{n}/text" for n in range(400)]})
    plan(bench, kit, lambda caller, action: Case("permit", [Obligation("redact", paths)]))
    result = await begin(bench)
    assert (result["isError"], "bad-task" in result["content"][0]["text"]) == (True, True)


async def test_a_task_is_not_cached_and_lives_no_longer_than_its_id(bench, kit, jobs):
    def forever(function, caller, call, replies):
        return Case("done", json.dumps({**CREATED, "ttlMs": None, "requestState": "x", "inputRequests": {"k": FORM}}))

    plan(bench, kit, answer=forever, route={"cache_ttl": 60.0})
    one, other = await begin(bench), await begin(bench)
    assert one["taskId"] != other["taskId"]
    assert one["ttlMs"] == LIFE * 1000
    assert not {"requestState", "inputRequests"} & one.keys()
