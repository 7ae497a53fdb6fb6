"""A scripted stdio server that asks its client in the middle of calls; the tool's name is what it does.

Run with `python -I -S asking_peer.py legacy|modern`; it needs only the standard library.
"""

import itertools
import json
import os
import sys
import time

MODE = sys.argv[1]
initialized = {}
levels = []
requests = []
heard = []
waiting = {}
"""What to do with the answer to a request of ours, by its id."""
numbers = itertools.count(1001)


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def text(request, value):
    shown = value if isinstance(value, str) else json.dumps(value)
    send({"id": request["id"], "result": {"content": [{"type": "text", "text": shown}]}})


def ask(method, params, then):
    number = next(numbers)
    waiting[number] = then
    send({"id": number, "method": method, "params": params})
    return number


def form(message):
    return {"mode": "form", "message": message, "requestedSchema": {"type": "object", "properties": {}}}


def answer_of(message):
    return message.get("result", message.get("error"))


def elicit(request, arguments):
    ask("elicitation/create", form("who"), lambda answer: text(request, answer_of(answer)))


def request_of(request, arguments):
    ask(arguments["method"], arguments.get("params", {}), lambda answer: text(request, answer_of(answer)))


def rounds(request, arguments, told=()):
    def then(answer):
        now = [*told, answer_of(answer)]
        text(request, now) if len(now) == arguments["times"] else rounds(request, arguments, now)

    ask("elicitation/create", form(f"round {len(told) + 1}"), then)


def both(request, arguments):
    """Two questions at once; answers when it has both."""
    got = {}

    def take(name):
        def then(answer):
            got[name] = answer_of(answer)
            if len(got) == 2:
                text(request, got)

        return then

    ask("elicitation/create", form("one"), take("one"))
    sampling = {"messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}], "maxTokens": 5}
    ask("sampling/createMessage", sampling, take("two"))


def withdraw(request, arguments):
    """Asks, and on the next `go` withdraws the question and answers."""
    asked = ask("elicitation/create", form("never mind"), lambda answer: None)

    def go():
        send({"method": "notifications/cancelled", "params": {"requestId": asked}})
        text(request, "withdrawn")

    pending.append(go)


def answer_anyway(request, arguments):
    asked = ask("elicitation/create", form("too late"), lambda answer: heard.append([asked, answer_of(answer)]))
    pending.append(lambda: text(request, "anyway"))


def die_while_asking(request, arguments):
    ask("elicitation/create", form("x"), lambda answer: None)
    pending.append(lambda: os._exit(9))


def news_while_asking(request, arguments):
    token = request["params"].get("_meta", {}).get("progressToken")
    ask("elicitation/create", form("x"), lambda answer: text(request, "told"))

    def go():
        for step in range(3):
            send({"method": "notifications/progress", "params": {"progressToken": token, "progress": step}})

    pending.append(go)


def chatter_while_asking(request, arguments):
    """Many progress notifications while it asks, then the answer without waiting for one."""
    token = request["params"].get("_meta", {}).get("progressToken")
    ask("elicitation/create", form("x"), lambda answer: None)

    def go():
        for step in range(20):
            news = {"progressToken": token, "progress": step, "data": "x" * arguments["size"]}
            send({"method": "notifications/progress", "params": news})
        text(request, "chattered")

    pending.append(go)


def hold(request, arguments):
    """Answers nothing, asks nothing."""


def ask_later(request, arguments):
    """One of two calls that are alike asks; the other answers on the next `go`."""
    if arguments["then"] == "ask":
        elicit(request, arguments)
    else:
        pending.append(lambda: text(request, "not mine"))


def freeze(request, arguments):
    time.sleep(3600)


def facts(request, arguments):
    shown = {"pid": os.getpid(), "initialized": initialized, "levels": levels, "heard": heard, "requests": requests}
    text(request, {**shown, "params": request["params"]})


def log(request, arguments):
    for level in ("debug", "info", "error"):
        send({"method": "notifications/message", "params": {"level": level, "data": level}})
    text(request, "logged")


def url_required(request, arguments):
    """Wants a URL opened until it was, or has been asked as often as it says."""
    if "complete" not in heard and heard.count("asked") < arguments.get("times", 9):
        heard.append("asked")
        one = {"mode": "url", "elicitationId": "e1", "url": "https://example.com/x", "message": "sign in"}
        data = {"elicitations": [one]} if not arguments.get("broken") else {}
        send({"id": request["id"], "error": {"code": -32042, "message": "sign in first", "data": data}})
    else:
        text(request, "opened")


def open_url(request, arguments):
    send({"method": "notifications/elicitation/complete", "params": {"elicitationId": "e1"}})
    heard.append("complete")
    text(request, "noted")


def inputs(request, arguments):
    """The modern way: `arguments.script` says what is wanted in which round."""
    given = request["params"]
    step = int(given.get("requestState", "0").rpartition("-")[2])
    script = arguments["script"]
    if step and "inputResponses" in given:
        heard.append(given["inputResponses"])
    if step == len(script):
        text(request, heard)
        return
    result = {"resultType": "input_required", "requestState": f"opaque-{step + 1}"}
    if script[step] is not None:
        result["inputRequests"] = script[step]
    send({"id": request["id"], "result": result})


def raw(request, arguments):
    send({"id": request["id"], "result": arguments["result"]})


pending = []
CAPABILITIES = {"tools": {}, "logging": {}, "resources": {"subscribe": True}}


def initialize(message):
    initialized.update(message["params"])
    version = os.environ.get("PEER_VERSION", "2025-11-25")
    result = {"protocolVersion": version, "capabilities": CAPABILITIES, "serverInfo": {"name": "asks"}}
    send({"id": message["id"], "result": result})


def discover(message):
    result = {"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": CAPABILITIES}
    send({"id": message["id"], "result": {**result, "ttlMs": 0, "cacheScope": "private"}})


def set_level(message):
    levels.append(message["params"]["level"])
    send({"id": message["id"], "result": {}})


def call(message):
    params = message["params"]
    requests.append(message["id"])
    if params["name"] == "go":
        for step in pending:
            step()
        pending.clear()
        text(message, "gone")
    else:
        globals()[params["name"]](message, params.get("arguments", {}))


def note(message):
    if message["method"] != "notifications/initialized":
        heard.append([message["method"], message.get("params", {})])
    elif os.environ.get("PEER_ROOTS"):
        ask("roots/list", {}, lambda answer: heard.append(answer_of(answer)))


def answered(message):
    then = waiting.pop(message["id"], None)
    if then is not None:
        then(message)


def watch(message):
    watched.append(message["params"]["uri"])
    send({"id": message["id"], "result": {}})


def touch(request, arguments):
    for uri in watched:
        send({"method": "notifications/resources/updated", "params": {"uri": uri}})
    text(request, "touched")


watched = []
METHODS = {
    "resources/subscribe": watch,
    "resources/unsubscribe": watch,
    "tools/call": call,
    "logging/setLevel": set_level,
}
METHODS |= {"server/discover": discover} if MODE == "modern" else {"initialize": initialize}


def serve(message):
    method = message.get("method")
    if method is None:
        answered(message)
    elif "id" not in message:
        note(message)
    elif method in METHODS:
        METHODS[method](message)
    else:
        send({"id": message["id"], "error": {"code": -32601, "message": "unknown method"}})


for line in sys.stdin:
    serve(json.loads(line))
