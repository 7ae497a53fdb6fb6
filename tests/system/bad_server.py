"""An MCP server over stdio that is no good: argv[1] says in which way. It needs only the standard library."""

import json
import os
import sys
import time

WAY = sys.argv[1]


def send(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def answer(request):
    method, params = request["method"], request.get("params") or {}
    if method == "initialize":
        about = {"name": "bad", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": about}
    if method == "tools/list":
        names = ("good", "hang", "garbage", "exit", "flood")
        return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in names]}
    if method == "tools/call":
        return call(params["name"])
    return None


def call(name):
    if name == "hang":
        time.sleep(3600)
    if name == "exit":
        os._exit(1)
    if name == "garbage":
        sys.stdout.write('{"jsonrpc": "2.0", "id": [1], "result"\n\x00\x01 not JSON\n')
        sys.stdout.flush()
    if name == "flood":
        sys.stdout.write("x" * 40_000_000)
        sys.stdout.flush()
    return {"content": [{"type": "text", "text": name}]}


if WAY == "gone":
    sys.exit(3)
if WAY == "hangs":
    time.sleep(3600)
if WAY == "garbage":
    sys.stdout.buffer.write(os.urandom(100_000) + b"\n")
    sys.stdout.flush()
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    found = answer(asked)
    if found is None:
        send({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no such method"}})
    else:
        send({"jsonrpc": "2.0", "id": asked["id"], "result": found})
