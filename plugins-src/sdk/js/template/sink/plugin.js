// @ts-check
import { defineSink, delivered, Failed, http, Problem, retry } from '@mcpg/sdk';

export const { lifecycle, sink } = defineSink((/** @type {{url: string}} */ { url }) => ({
  deliver(batch) {
    let status;
    try {
      ({ status } = http({ method: 'POST', url, json: batch }));
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      return retry('receiver-busy', error.message);
    }
    if (status >= 200 && status < 300) return delivered();
    if (status === 429 || status >= 500) return retry('receiver-busy', `the receiver answered ${status}`);
    throw new Problem('receiver-refused', `the receiver answered ${status}`);
  },
}));
