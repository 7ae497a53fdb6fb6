// @ts-check
/** A backend whose tools are what a plugin may come to do in the engine; the tests call them by name. */

import { all, defineBackend, http, log } from '@mcpg/sdk';
import { broken } from './src/broken.js';

/** @type {Record<string, (given: any) => any>} */
const tools = {
  clock: () => ({ now: Date.now(), date: new Date().toISOString(), fixed: new Date(0).getTime() }),
  random: () => ({ numbers: [Math.random(), Math.random()] }),
  said() {
    console.warn('said', { n: 1 }, new Error('why'));
    return {};
  },
  logged() {
    log('info', 'before');
    const { status } = http({ url: 'https://x.test/a' });
    return { status };
  },
  both: () => ({ bodies: all([http.effect({ url: 'a' }), http.effect({ url: 'b' })]).map(({ body }) => body) }),
  fetched: () => fetch('https://x.test'),
  later: () => setTimeout(() => {}, 1),
  required: () => /** @type {any} */ (globalThis).require('fs'),
  promised: async () => ({}),
  echo: (given) => given,
  bug: () => broken(),
  forgotten() {},
  deep(/** @type {any} */ n) {
    return tools.deep(n) + 1;
  },
  endless() {
    for (;;);
  },
  left: () => ({ half: '\ud800', text: 'a\u0000b' }),
  globals: () => ({ names: Object.getOwnPropertyNames(globalThis).filter((name) => /^(std|os|bjson|print|load)/.test(name)) }),
};

export const { lifecycle, backend } = defineBackend(() => ({
  describe: () => ({ tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) }),
  call(caller, call) {
    const value = tools[call.name](call.arguments);
    return value && !(value instanceof Promise) ? { content: [], structuredContent: value } : value;
  },
}));
