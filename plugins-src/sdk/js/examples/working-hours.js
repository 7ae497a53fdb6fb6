// @ts-check
/**
 * A policy that permits by day, and by night only with a note on the result. Its manifest reads `/run/now`, which is
 * the time of the run: it is the same however often the run is made again.
 */

import { definePolicy, obligation, permit } from '@mcpg/sdk';

export const { lifecycle, policy } = definePolicy((/** @type {{from: number, to: number}} */ { from, to }) => ({
  decide() {
    const hour = new Date().getUTCHours();
    if (hour >= from && hour < to) return permit();
    return permit(obligation('annotate', { notes: { hours: 'done outside of working hours' } }));
  },

  see: (caller, actions) => actions.map(() => 'p'),
}));
