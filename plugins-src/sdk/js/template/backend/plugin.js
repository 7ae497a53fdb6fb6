// @ts-check
import { defineBackend, errorResult, http, log, pathSegment, Problem, textResult } from '@mcpg/sdk';

const greet = {
  name: 'greet',
  description: 'Greets somebody.',
  inputSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
};

export const { lifecycle, backend } = defineBackend((/** @type {{base_url: string}} */ { base_url: base }) => ({
  describe() {
    return { tools: [greet] };
  },

  call(caller, call) {
    const { name } = call.arguments;
    const reply = http({ url: `${base}/greetings/${pathSegment(name)}` });
    if (reply.status === 404) return errorResult(`nobody is called ${name}`);
    if (reply.status !== 200) throw new Problem('greeter-failed', `the greeting service answered ${reply.status}`);
    log('info', 'greeted');
    return textResult(reply.json.greeting);
  },
}));
