// @ts-check
/** What a plugin may answer, kind by kind. It checks shapes; whether an answer fits its question, `define.js` does. */

import { stringify } from './json.js';
import { Problem } from './problem.js';

/** An answer: one case of the function's variant. */
export class Answer {
  /** @param {string} tag @param {unknown} [val] */
  constructor(tag, val) {
    this.tag = tag;
    if (val !== undefined) this.val = val;
  }
}

/** @param {string} tag @returns {(code: string, message: string) => Answer} */
const refusal = (tag) => (code, message) => {
  const problem = new Problem(code, message);
  return new Answer(tag, { code: problem.code, message: problem.message });
};
/** @param {string} tag @returns {(document: unknown) => Answer} */
const document = (tag) => (value) => new Answer(tag, stringify(value));

/** No: not this caller, not this. */
export const deny = refusal('deny');
/** I could not tell. The same as to throw a `Problem`. */
export const failed = refusal('failed');
/** A credential of my kind is here and it is bad. */
export const reject = refusal('reject');
/** Try the same batch again later. */
export const retry = refusal('retry');

/** None of my rules speak of this; no credential of my kind is here. */
export const abstain = () => new Answer('abstain');
/** This caller. */
export const caller = document('caller');

/**
 * Something that must be done if the action goes ahead; if it cannot be done, the action is denied.
 *
 * @param {string} kind such as `redact` @param {unknown} [detail]
 */
export const obligation = (kind, detail = {}) => ({ kind: String(kind).toWellFormed(), detail: stringify(detail) });

/**
 * Yes, with these obligations.
 *
 * @param {...{kind: string, detail: string}} obligations
 */
export function permit(...obligations) {
  if (!obligations.every((each) => typeof each?.kind === 'string' && typeof each.detail === 'string')) {
    throw new TypeError('permit() takes what obligation(kind, detail) returns, one after the other');
  }
  return new Answer('permit', obligations);
}

/** Leave it as it is. */
export const unchanged = () => new Answer('unchanged');
/** Put this in its place: arguments in `before`, a result in `after`. */
export const changed = document('changed');

/** The result of the call; to return the result itself does the same. */
export const done = document('done');
/** Ask the MCP client for input. */
export const askClient = document('ask');

/** A credential for the host's vault. */
export const issued = document('issued');
/** The batch has arrived. */
export const delivered = () => new Answer('delivered');

const NUMBERS = /** @type {const} */ (['cost', 'capacity', 'refill', 'window']);

/**
 * What to take from one account. Numbers are whole and from 0 to 2^53 - 1; the engine would cut others in silence.
 *
 * @param {{account: string[], cost: number, capacity: number, refill?: number, window?: number}} given
 */
export function charge({ account, cost, capacity, refill = 0, window = 0 }) {
  const numbers = { cost, capacity, refill, window };
  for (const name of NUMBERS) {
    const number = numbers[name];
    if (!Number.isSafeInteger(number) || number < 0) {
      throw new RangeError(`\`${name}\` of a charge is a whole number from 0 to 2^53 - 1, not ${String(number)}`);
    }
  }
  if (!Array.isArray(account) || !account.every((part) => typeof part === 'string')) {
    throw new TypeError('`account` of a charge is a list of texts');
  }
  return { account: account.map((part) => part.toWellFormed()), ...numbers };
}

/**
 * A list of charges, each checked.
 *
 * @param {unknown} given
 */
export function charges(given) {
  if (!Array.isArray(given)) throw new TypeError('charges are a list of charge({account, cost, capacity})');
  return given.map((each) => charge(each));
}
