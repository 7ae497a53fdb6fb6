"""An MCP server over stdio whose tools are in a file, read at each list; it announces no changes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

TOOLS = Path(sys.argv[1])


def answer(message):
    method = message["method"]
    if method == "initialize":
        info = {"name": "changing", "version": "1"}
        return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}, "prompts": {}}, "serverInfo": info}
    if method == "tools/list":
        return {"tools": json.loads(TOOLS.read_text())}
    if method == "prompts/list":
        return {"prompts": []}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": f"called {message['params']['name']}"}]}
    return None


for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    result = answer(asked)
    body = {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": asked["id"], **body}) + "\n")
    sys.stdout.flush()
