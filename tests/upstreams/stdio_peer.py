"""A scripted MCP server over stdio, good and bad: argv[1] is how it starts, the tool's name is what it does.

Run with `python -I -S`; it needs only the standard library.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MODE = sys.argv[1] if len(sys.argv) > 1 else "legacy"


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def raw(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def result(request, value):
    send({"jsonrpc": "2.0", "id": request["id"], "result": value})


def error(request, code, message):
    send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message}})


def text(request, value):
    result(request, {"content": [{"type": "text", "text": value}]})


def notify(method, params=None):
    send({"jsonrpc": "2.0", "method": method, "params": params or {}})


def receive():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def echo(request, arguments):
    text(request, json.dumps(arguments))


def params(request, arguments):
    text(request, json.dumps(request["params"]))


def environment(request, arguments):
    text(request, json.dumps(dict(os.environ)))


def ids(request, arguments):
    text(request, json.dumps({"pid": os.getpid(), "group": os.getpgid(0), "parent_group": os.getpgid(os.getppid())}))


def hang(request, arguments):
    """Answers nothing; what comes later is answered."""


def freeze(request, arguments):
    time.sleep(3600)


def garbage(request, arguments):
    raw("this is not JSON\n\x00\xff\n{\n")


def half_line(request, arguments):
    raw('{"jsonrpc": "2.0", "id": ')
    os._exit(3)


def huge(request, arguments):
    text(request, "x" * int(arguments["size"]))


def noise(request, arguments):
    for number in range(arguments["lines"]):
        raw(f"log line {number}\n")
    text(request, "after the noise")


def flood(request, arguments):
    line = json.dumps({"jsonrpc": "2.0", "method": "notifications/unheard/of"}) + "\n"
    while True:
        raw(line * 1000)


def wrong_id(request, arguments):
    send({"jsonrpc": "2.0", "id": 10_000_000, "result": {}})
    send({"jsonrpc": "2.0", "id": str(request["id"]), "result": {"content": [{"type": "text", "text": "a text id"}]}})
    send({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "what"}})


def bad_result(request, arguments):
    send({"jsonrpc": "2.0", "id": request["id"], "result": "text"})


def duplicate(request, arguments):
    text(request, "first")
    text(request, "second")


def die(request, arguments):
    sys.stderr.write("about to die\n")
    sys.stderr.flush()
    os._exit(7)


def progress(request, arguments):
    token = request["params"].get("_meta", {}).get("progressToken")
    for number in range(3):
        notify("notifications/progress", {"progressToken": token, "progress": number})
    notify("notifications/progress", {"progressToken": "somebody else's", "progress": 9})
    notify("notifications/message", {"level": "info", "data": "belongs to nobody"})
    text(request, json.dumps(token))
    notify("notifications/progress", {"progressToken": token, "progress": 10})


def change(request, arguments):
    for _ in range(50):
        notify("notifications/tools/list_changed")
    text(request, "changed")


def ask(request, arguments):
    """Asks the client, and tells what it was answered."""
    send({"jsonrpc": "2.0", "id": "mine", "method": arguments["method"], "params": {}})
    while True:
        message = receive()
        if message.get("id") == "mine" and "method" not in message:
            break
    text(request, json.dumps(message))


def await_cancel(request, arguments):
    waited_for.append(request["id"])


def was_cancelled(request, arguments):
    text(request, json.dumps(waited_for[-1:] == cancelled[-1:] != []))


def batch(request, arguments):
    part = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    answer = {"jsonrpc": "2.0", "id": request["id"], "result": {"content": []}}
    raw(json.dumps([part, answer]) + "\n")


def grandchild(request, arguments):
    child = subprocess.Popen(["sleep", "3600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    text(request, str(child.pid))


def burn(request, arguments):
    while True:
        pass


def complain(request, arguments):
    sys.stderr.write((arguments["text"] + "\n") * arguments["lines"])
    sys.stderr.flush()
    text(request, "complained")


def die_and_leave(request, arguments):
    """Leave a process that holds our output and ignores what is no SIGKILL."""
    child = subprocess.Popen(["sh", "-c", "trap '' TERM HUP; sleep 3600"], stdin=subprocess.DEVNULL)
    Path(arguments["note"]).write_text(str(child.pid), encoding="utf-8")
    os._exit(7)


def asks_for_input(request, arguments):
    result(request, {"resultType": "input_required", "inputRequests": {}})


def deny(request, arguments):
    error(request, -32602, "no such thing")


cancelled = []
waited_for = []
TOOLS = [{"name": "echo", "inputSchema": {"type": "object"}}]
CAPABILITIES = {"tools": {"listChanged": True}, "prompts": {}}


def serve(request):
    method = request.get("method")
    if method == "notifications/cancelled":
        cancelled.append(request["params"]["requestId"])
    if "id" not in request or method is None:
        return
    if method == "initialize":
        version = os.environ.get("PEER_VERSION", "2025-11-25")
        info = {"name": "scripted", "version": "1"}
        result(request, {"protocolVersion": version, "capabilities": CAPABILITIES, "serverInfo": info})
    elif method == "server/discover" and MODE == "modern":
        result(
            request,
            {
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": CAPABILITIES,
                "ttlMs": 0,
                "cacheScope": "private",
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "scripted"}},
            },
        )
    elif method == "subscriptions/listen" and MODE == "modern":
        notify(
            "notifications/subscriptions/acknowledged",
            {"_meta": {"io.modelcontextprotocol/subscriptionId": request["id"]}},
        )
    elif method == "ping":
        result(request, {})
    elif method == "tools/list":
        result(request, {"tools": TOOLS})
    elif method == "tools/call":
        globals()[request["params"]["name"]](request, request["params"].get("arguments", {}))
    else:
        error(request, -32601, "unknown method")


def main():
    if MODE == "dies":
        sys.stderr.write("missing dependency\n")
        sys.exit(4)
    if MODE == "silent":
        time.sleep(3600)
    if MODE == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        try:
            request = receive()
        except SystemExit:
            if MODE == "stubborn":
                time.sleep(3600)
            raise
        if MODE == "dies-of-probe" and request.get("method") == "server/discover":
            sys.exit(5)
        if MODE == "ignores-probe" and request.get("method") == "server/discover":
            continue
        serve(request)


main()
