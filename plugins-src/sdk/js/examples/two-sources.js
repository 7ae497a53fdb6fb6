// @ts-check
/** A backend that asks two services at once and does without the second if it must. */

import { allSettled, defineBackend, http, jsonResult, pathSegment } from '@mcpg/sdk';

const tool = {
  name: 'customer',
  description: 'What is known of a customer.',
  inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
};

export const { lifecycle, backend } = defineBackend((/** @type {{crm: string, orders: string}} */ { crm, orders }) => ({
  describe: () => ({ tools: [tool] }),

  call(caller, call) {
    const id = pathSegment(call.arguments.id);
    const [customer, recent] = allSettled([
      http.effect({ url: `${crm}/customers/${id}`, expect: [200] }),
      http.effect({ url: `${orders}/by-customer/${id}`, expect: [200], timeout: 500 }),
    ]);
    if (customer.status === 'rejected') throw customer.reason;
    return jsonResult({ ...customer.value.json, orders: recent.status === 'fulfilled' ? recent.value.json : null });
  },
}));
