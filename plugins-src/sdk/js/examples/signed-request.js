// @ts-check
/** A backend that signs what it sends: HMAC over method, path and body, under a key that only the host has. */

import { defineBackend, http, Problem, secret, sign, stringify, textResult } from '@mcpg/sdk';

const tool = { name: 'notify', description: 'Sends a notice.', inputSchema: { type: 'object' } };

export const { lifecycle, backend } = defineBackend((/** @type {{url: string, key: string}} */ { url, key }) => ({
  describe: () => ({ tools: [tool] }),

  call(caller, call) {
    const body = stringify(call.arguments);
    const { signature } = sign({ key: secret(key), text: `POST\n/notices\n${body}` });
    const headers = { 'content-type': 'application/json', 'x-signature': signature };
    const reply = http({ method: 'POST', url: `${url}/notices`, headers, body });
    if (reply.status !== 202) throw new Problem('notice-refused', `the service answered ${reply.status}`);
    return textResult('sent');
  },
}));
