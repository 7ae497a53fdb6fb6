// @ts-check
/** Reshapes arguments and results by the expressions of the configuration, rule by rule. */

import { changed, defineTransform, Problem, unchanged } from '@mcpg/sdk';
import { expression } from './src/expressions.js';
import { isObject, valueOf, withValue } from './src/values.js';

/**
 * @typedef {{tools?: string[], arguments?: string, value?: string, result?: string}} Written
 * @typedef {import('./src/expressions.js').Evaluate} Evaluate
 * @typedef {{name: string, tools: RegExp, arguments?: Evaluate, value?: Evaluate, result?: Evaluate}} Rule
 */

/** @param {string[]} names */
function pattern(names) {
  const each = names.map((name) => name.split('*').map(escaped).join('.*'));
  return new RegExp(`^(${each.join('|')})$`, 's');
}

/** @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** @param {Written} written @param {number} index @returns {Rule} */
function rule(written, index) {
  const name = `rules[${index}]`;
  /** @type {Rule} */
  const made = { name, tools: pattern(written.tools ?? ['*']) };
  for (const part of /** @type {const} */ (['arguments', 'value', 'result'])) {
    const text = written[part];
    if (text !== undefined) made[part] = expression(`${name}.${part}`, text);
  }
  return made;
}

/** @param {string} name @param {unknown} value @returns {Record<string, any>} */
function object(name, value) {
  if (isObject(value)) return value;
  const what = value === undefined ? 'found nothing' : 'gave no object';
  throw new Problem('jsonata-failed', `\`${name}\` ${what}`);
}

/** @param {Rule} rule @param {Record<string, any>} result @param {Record<string, unknown>} variables */
function reshaped(rule, result, variables) {
  if (rule.result) return object(`${rule.name}.result`, rule.result(result, variables));
  const found = rule.value && valueOf(result);
  if (!rule.value || !found) return result;
  const value = rule.value(found.value, variables);
  const name = `${rule.name}.value`;
  if (value === undefined) throw new Problem('jsonata-failed', `\`${name}\` found nothing`);
  return withValue(result, result.structuredContent === undefined ? value : object(name, value));
}

export const { lifecycle, transform } = defineTransform((/** @type {{rules: Written[]}} */ config) => {
  const rules = config.rules.map(rule);

  return {
    before(caller, call) {
      const mine = rules.filter((each) => each.arguments && each.tools.test(call.name));
      if (!mine.length) return unchanged();
      let given = call.arguments;
      for (const each of mine) {
        given = object(`${each.name}.arguments`, each.arguments?.(given, { tool: call.name }));
      }
      return changed(given);
    },

    after(caller, call, { status, result }) {
      const mine = rules.filter((each) => (each.value || each.result) && each.tools.test(call.name));
      if (!mine.length || status !== 'ok' || !result) return unchanged();
      const variables = { tool: call.name, arguments: call.arguments };
      return changed(mine.reduce((whole, each) => reshaped(each, whole, variables), result));
    },
  };
});
