// @ts-check
/** Trims results to what a model can use. What was trimmed says so. */

import { changed, defineTransform, stringify, unchanged } from '@mcpg/sdk';
import { partText, paths, trimmed } from './src/trim.js';

/**
 * @typedef {import('./src/trim.js').Limits} Limits
 * @typedef {{tools?: string[]} & Limits} Written
 */

/** @param {string[]} names */
function pattern(names) {
  const escaped = (/** @type {string} */ part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const each = names.map((name) => name.split('*').map(escaped).join('.*'));
  return new RegExp(`^(${each.join('|')})$`, 's');
}

/** @param {any} part @param {(text: string) => string} shorten */
function shorter(part, shorten) {
  if (part?.type === 'text' && typeof part.text === 'string') return { ...part, text: shorten(part.text) };
  if (part?.type !== 'resource' || typeof part.resource?.text !== 'string') return part;
  return { ...part, resource: { ...part.resource, text: shorten(part.resource.text) } };
}

export const { lifecycle, transform } = defineTransform((/** @type {{rules: Written[]}} */ config) => {
  const rules = config.rules.map(({ tools = ['*'], ...limits }) => ({
    tools: pattern(tools),
    limits,
    drop: paths(limits.drop ?? []),
  }));

  return {
    after(caller, call, { status, result }) {
      const rule = rules.find(({ tools }) => tools.test(call.name));
      if (!rule || status !== 'ok' || !result) return unchanged();
      const { limits, drop } = rule;
      const made = { ...result };
      if (Array.isArray(result.content)) {
        made.content = result.content.map((part) => shorter(part, (text) => partText(text, limits, drop)));
      }
      // No mark ends a list here: the tool's output schema says what its items are.
      if (result.structuredContent !== undefined) {
        made.structuredContent = trimmed(result.structuredContent, limits, drop, false);
      }
      return stringify(made) === stringify(result) ? unchanged() : changed(made);
    },
  };
});
