// The official TypeScript SDK of the first major: handshakes, over HTTP, HTTP+SSE and stdio.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { ANSWER, talk } from "./conversation.mjs";

const { way, url, prefix, headers, command } = JSON.parse(process.argv[2]);
const requestInit = { headers };

function transport() {
  if (way === "stdio") {
    return new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env, stderr: "inherit" });
  }
  return way === "sse"
    ? new SSEClientTransport(new URL(url), { requestInit })
    : new StreamableHTTPClientTransport(new URL(url), { requestInit });
}

const client = new Client({ name: "old", version: "1" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, async () => ANSWER);
await talk(client, transport(), prefix, (_, used) => used.protocolVersion ?? "");
