// The official TypeScript SDK of the second major: both eras, over HTTP and stdio.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { ANSWER, talk } from "./conversation.mjs";

const { way, url, prefix, headers, command, mode } = JSON.parse(process.argv[2]);
const transport =
  way === "stdio"
    ? new StdioClientTransport({ command: command[0], args: command.slice(1), env: process.env, stderr: "inherit" })
    : new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
const client = new Client(
  { name: "new", version: "1" },
  { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
);
client.setRequestHandler("elicitation/create", async () => ANSWER);
await talk(client, transport, prefix, (used) => used.getNegotiatedProtocolVersion());
