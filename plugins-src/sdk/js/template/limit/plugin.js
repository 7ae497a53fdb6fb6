// @ts-check
import { charge, defineLimit } from '@mcpg/sdk';

const TOKEN = 1_000_000;

export const { lifecycle, limit } = defineLimit((/** @type {{per_minute: number}} */ { per_minute: perMinute }) => {
  const capacity = perMinute * TOKEN;
  const refill = Math.floor(capacity / 60);

  /** @param {import('@mcpg/sdk').Caller} caller */
  const one = (caller) => [charge({ account: ['caller', caller.id], cost: TOKEN, capacity, refill, window: 0 })];

  return {
    reserve(caller) {
      return one(caller);
    },

    settle(caller, action, outcome) {
      return outcome.status === 'ok' ? one(caller) : [];
    },
  };
});
