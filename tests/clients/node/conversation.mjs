// What each client does with a gateway, and what it prints: one JSON document. It chooses no SDK and no transport.

export const ANSWER = { action: "accept", content: { name: "Ana" } };

export async function talk(client, transport, prefix, version) {
  await client.connect(transport);
  const tools = (await client.listTools()).tools.map((tool) => tool.name);
  const said = await client.callTool({ name: `${prefix}echo`, arguments: { text: "grüße" } });
  const asked = await client.callTool({ name: `${prefix}elicit`, arguments: {} });
  let refused = "";
  try {
    await client.callTool({ name: "no-such-tool", arguments: {} });
  } catch (error) {
    refused = `${error.code} ${error.message}`;
  }
  const resources = (await client.listResources()).resources.map((resource) => resource.uri);
  const read = (await client.readResource({ uri: resources.find((uri) => uri.endsWith("note")) })).contents[0].text;
  const prompt = (await client.getPrompt({ name: `${prefix}greet`, arguments: { who: "Bea" } })).messages[0].content.text;
  const answer = { version: version(client, transport), tools, said, asked, refused, resources, read, prompt };
  process.stdout.write(JSON.stringify(answer));
  await client.close();
}
