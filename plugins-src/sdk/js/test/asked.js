// @ts-check
/** What tests share: replies as the host gives them, and a run made to its end. */

import { stringify } from '../src/json.js';

/** @param {unknown} document */
export const ok = (document) => ({ tag: 'ok', val: stringify(document) });
/** @param {string} code @param {string} message */
export const failed = (code, message) => ({ tag: 'failed', val: { code, message } });

/**
 * Asks until there is an answer, as the gateway does.
 *
 * @param {(...given: any[]) => {tag: string, val?: any}} ask @param {unknown[]} documents
 * @param {(effect: {driver: string, request: any}) => {tag: string, val?: any}} [serve]
 */
export function toTheEnd(ask, documents, serve = () => ok({})) {
  const texts = documents.map((each) => (typeof each === 'string' ? each : stringify(each)));
  /** @type {{tag: string, val?: any}[]} */
  const replies = [];
  for (let passes = 1; passes < 64; passes++) {
    const answer = ask(...texts, [...replies]);
    if (answer.tag !== 'perform') return { answer, passes };
    const fresh = answer.val.slice(replies.length);
    replies.push(...fresh.map((/** @type {any} */ each) => serve({ ...each, request: JSON.parse(each.request) })));
  }
  throw new Error('no answer after 64 passes');
}
