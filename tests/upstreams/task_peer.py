"""A scripted stdio server of 2025-11-25 whose tools want tasks; the tool's name is what its task does.

Run with `python -I -S task_peer.py [incapable]`; it needs only the standard library.
"""

import itertools
import json
import sys

PLAIN = ["facts", "optional"]
TASKS = ["quick", "fails", "refuses", "progresses", "asks", "asks_early", "endless", "polled", "direct"]
TASKS += ["begins", "tells", "asks_again"]
RELATED = "io.modelcontextprotocol/related-task"
seen = []
waiting = {}
tasks = {}
numbers = itertools.count(1001)


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def text(value, task="", **more):
    shown = value if isinstance(value, str) else json.dumps(value)
    meta = {"_meta": {RELATED: {"taskId": task}}} if task else {}
    return {"content": [{"type": "text", "text": shown}], **more, **meta}


def ask(task, then):
    number = next(numbers)
    waiting[number] = then
    form = {"mode": "form", "message": "who", "requestedSchema": {"type": "object", "properties": {}}}
    related = {"_meta": {RELATED: {"taskId": task["taskId"]}}}
    send({"id": number, "method": "elicitation/create", "params": {**form, **related}})


def shown(task):
    return {key: task[key] for key in ("taskId", "status", "pollInterval")}


def begin(request, name, params):
    arguments = params["arguments"]
    task = {"taskId": f"task-{next(numbers)}", "status": "working", "pollInterval": 50, "gets": 0}
    task |= {"name": name, "arguments": arguments, "token": params.get("_meta", {}).get("progressToken")}
    tasks[task["taskId"]] = task
    if name == "direct":
        send({"id": request, "result": text("at once")})
    elif name == "begins":
        send({"id": request, "result": arguments["result"]})
    else:
        send({"id": request, "result": {"task": shown(task)}})
    if name == "asks_early":
        ask(task, lambda answer: done(task, text(answer, task["taskId"])))


def done(task, result):
    task |= {"status": "completed", "result": result}
    for request in task.get("waiters", []):
        send({"id": request, "result": result})


def result_of(request, task):
    name, own = task["name"], task["taskId"]
    task.setdefault("waiters", []).append(request)
    if "result" in task:
        send({"id": request, "result": task["result"]})
    elif name == "quick":
        done(task, text("done", own, structuredContent={"n": 1}))
    elif name == "fails":
        task["status"] = "failed"
        send({"id": request, "result": text("went wrong", own, isError=True)})
    elif name == "refuses":
        task["status"] = "failed"
        send({"id": request, "error": {"code": -32050, "message": "no such topic"}})
    elif name == "progresses":
        for step in range(3):
            send({"method": "notifications/progress", "params": {"progressToken": task["token"], "progress": step}})
        done(task, text("progressed", own))
    elif name == "asks":
        task["status"] = "input_required"
        ask(task, lambda answer: done(task, text(answer, own)))
    elif name == "asks_again" and task["status"] == "input_required":
        task["waiters"] = [request]
        ask(task, lambda answer: done(task, text(answer, own)))
    elif name in ("polled", "tells", "asks_again"):
        send({"id": request, "error": {"code": -32602, "message": "not done"}})


def told_of(request, task):
    task["gets"] += 1
    if task["name"] == "tells":
        send({"id": request, "result": task["arguments"]["result"]})
        return
    if task["name"] == "asks_again" and task["gets"] == 2:
        task["status"] = "input_required"
    if task["name"] == "polled" and task["gets"] == 3:
        task |= {"status": "completed", "result": text("polled", task["taskId"])}
    send({"id": request, "result": shown(task)})


def call(message):
    params = message["params"]
    name = params["name"]
    if name == "facts":
        send({"id": message["id"], "result": text(seen)})
    elif name in TASKS and "task" not in params:
        send({"id": message["id"], "error": {"code": -32601, "message": "a task is required"}})
    elif name == "optional":
        send({"id": message["id"], "result": text({"task": params.get("task")})})
    else:
        begin(message["id"], name, params)


def listed():
    schema = {"type": "object"}
    yield {"name": "facts", "inputSchema": schema}
    yield {"name": "optional", "inputSchema": schema, "execution": {"taskSupport": "optional"}}
    for name in TASKS:
        yield {"name": name, "inputSchema": schema, "execution": {"taskSupport": "required"}}


def serve(message):
    method, request, params = message.get("method"), message.get("id"), message.get("params", {})
    if method is None:
        if request in waiting:
            waiting.pop(request)(message.get("result", message.get("error")))
        return
    seen.append([method, params])
    if method == "initialize":
        offered = {} if "incapable" in sys.argv else {"tasks": {"cancel": {}, "requests": {"tools": {"call": {}}}}}
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, **offered}}
        send({"id": request, "result": {**result, "serverInfo": {"name": "tasks"}}})
    elif method == "tools/list":
        send({"id": request, "result": {"tools": list(listed())}})
    elif method == "tools/call":
        call(message)
    elif method == "tasks/result":
        result_of(request, tasks[params["taskId"]])
    elif method == "tasks/get":
        told_of(request, tasks[params["taskId"]])
    elif method == "tasks/cancel":
        tasks[params["taskId"]]["status"] = "cancelled"
        send({"id": request, "result": shown(tasks[params["taskId"]])})
    elif request is not None:
        send({"id": request, "error": {"code": -32601, "message": "unknown method"}})


for line in sys.stdin:
    serve(json.loads(line))
