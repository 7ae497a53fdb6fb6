// @ts-check
/** A limit that takes what a call cost from its caller's week and from his team's. Only calls that worked cost. */

import { charge, defineLimit } from '@mcpg/sdk';

const WEEK = 7 * 24 * 3600;
const MILLIONTHS = 1_000_000;

/** @typedef {{price: number, caller: number, team: number}} Config all in cents */

export const { lifecycle, limit } = defineLimit((/** @type {Config} */ config) => {
  /** @param {string[]} account @param {number} size */
  const weekly = (account, size) =>
    charge({ account, cost: config.price * MILLIONTHS, capacity: size * MILLIONTHS, window: WEEK });

  /** @param {import('@mcpg/sdk').Caller} caller */
  const both = ({ id, groups }) => [
    weekly(['caller', id], config.caller),
    ...groups.map((group) => weekly(['team', group], config.team)),
  ];

  return {
    reserve: (caller) => both(caller),
    settle: (caller, action, outcome) => (outcome.status === 'ok' ? both(caller) : []),
  };
});
