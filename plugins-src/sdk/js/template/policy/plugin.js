// @ts-check
import { definePolicy, deny, permit } from '@mcpg/sdk';

export const { lifecycle, policy } = definePolicy((/** @type {{allow?: string[]}} */ { allow = [] }) => {
  /** @param {import('@mcpg/sdk').Action} action */
  const harmless = ({ name, annotations }) => annotations.readOnlyHint === true || allow.includes(name);

  return {
    decide(caller, action) {
      if (harmless(action)) return permit();
      return deny('not-read-only', `\`${action.name}\` may change something`);
    },

    see(caller, actions) {
      return actions.map((action) => (harmless(action) ? 'p' : 'd'));
    },
  };
});
