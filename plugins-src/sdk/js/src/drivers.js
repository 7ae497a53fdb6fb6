// @ts-check
/** The built-in drivers by name. What each takes and gives is in `documents.d.ts`; the host checks it. */

import { aside, ask, Effect } from './run.js';

/** @param {string} name */
function driver(name) {
  const call = (/** @type {unknown} */ request) => ask(name, request);
  return Object.assign(call, { effect: (/** @type {unknown} */ request) => new Effect(name, request) });
}

export const http = driver('http');
export const sql = driver('sql');
export const command = driver('command');
export const mcp = driver('mcp');
export const notify = driver('notify');
export const sign = driver('sign');

const LINE = 4000;

/**
 * Writes a line into the gateway's log; the run goes on as if nothing had been asked.
 *
 * @param {'debug' | 'info' | 'warning' | 'error'} level @param {string} message @param {unknown} [data]
 */
export function log(level, message, data) {
  const text = String(message).slice(0, LINE);
  aside('log', data === undefined ? { level, message: text } : { level, message: text, data });
}

/**
 * A secret by reference, for the places where a driver takes one (a header, a key). No plugin ever sees the value.
 *
 * @param {string} reference `secret://env/NAME`, `secret://file/NAME` or `cred://issuer/target`
 * @param {string} [prefix] @param {string} [suffix]
 */
export function secret(reference, prefix = '', suffix = '') {
  return { $secret: reference, ...(prefix && { prefix }), ...(suffix && { suffix }) };
}
