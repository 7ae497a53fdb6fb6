"""A process that has upstreams, to be killed: `python gateway_like.py SCRIPT MODE TOKEN` prints its children's ids."""

from __future__ import annotations

import asyncio
import json
import sys

from mcpg.contract.ports import Party
from mcpg.upstreams import StdioSpec, Upstreams, UpstreamSpec


async def main() -> None:
    script, mode, token = sys.argv[1:]
    command = (sys.executable, "-I", "-S", script, mode, token)
    upstreams = Upstreams([UpstreamSpec(name="one", transport=StdioSpec(command), mode="legacy")])
    await upstreams.start()
    ids = []
    for number in range(3):
        party = Party(caller=("default", "keys", "", f"user{number}"))
        for tool in ("ids", "grandchild"):
            params = {"name": tool, "arguments": {"token": token}}
            deadline = asyncio.get_running_loop().time() + 20
            answer = await upstreams.request("one", "tools/call", params, deadline=deadline, party=party)
            told = json.loads(answer["result"]["content"][0]["text"])
            ids.append(told["pid"] if tool == "ids" else told)
    sys.stdout.write(json.dumps(ids) + "\n")
    sys.stdout.flush()
    await asyncio.sleep(3600)


asyncio.run(main())
