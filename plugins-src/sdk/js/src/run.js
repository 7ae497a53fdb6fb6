// @ts-check
/**
 * One pass of a run: hands out replies in the order the effects were asked, and stops at the first that is missing.
 *
 * QuickJS runs one call at a time, so the pass of now is one variable. Nothing is performed here; a plugin can only
 * ask.
 */

import { parse, stringify } from './json.js';
import { Failed, Pending, Problem } from './problem.js';

/**
 * @typedef {{tag: string, val?: any}} Reply
 * @typedef {{tag: string, val?: any}} Given
 * @typedef {{replies: Reply[], asked: Effect[], pending: boolean, late: boolean}} Pass
 */

/** @type {Pass | undefined} */
let pass;

/** The description of something to ask for, made by `http.effect(...)` and the like. */
export class Effect {
  /** @param {string} driver @param {unknown} request */
  constructor(driver, request) {
    this.driver = driver;
    this.request = stringify(request);
  }
}

/** The pass of now. @param {string} what */
function current(what) {
  if (pass) return pass;
  throw new Problem('no-effects-here', `${what} cannot be asked for here: only functions that get replies may ask`);
}

/**
 * Asks for several effects at once; what became of each is told apart.
 *
 * @param {Effect[]} effects
 * @returns {({status: 'fulfilled', value: any} | {status: 'rejected', reason: Failed})[]}
 */
export function allSettled(effects) {
  const now = current('an effect');
  if (!Array.isArray(effects) || !effects.every((each) => each instanceof Effect)) {
    throw new TypeError('all() takes a list of descriptions such as http.effect({...})');
  }
  if (now.pending) throw new Pending();
  const from = now.asked.length;
  now.asked.push(...effects);
  if (now.asked.length > now.replies.length) {
    now.pending = true;
    throw new Pending();
  }
  return now.replies.slice(from, from + effects.length).map(settled);
}

/** @param {Reply} reply @returns {{status: 'fulfilled', value: any} | {status: 'rejected', reason: Failed}} */
function settled({ tag, val }) {
  if (tag === 'failed') return { status: 'rejected', reason: new Failed(val) };
  try {
    return { status: 'fulfilled', value: parse(val) };
  } catch {
    throw new Problem('bad-reply', 'a reply is not JSON');
  }
}

/**
 * Asks for several effects at once and returns their replies; throws the first that failed.
 *
 * @param {Effect[]} effects @returns {any[]}
 */
export function all(effects) {
  return allSettled(effects).map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}

/**
 * Asks any driver for one effect and returns its reply; throws `Failed` if it did not work.
 *
 * @param {string} driver @param {unknown} request @returns {any}
 */
export function ask(driver, request) {
  return all([new Effect(driver, request)])[0];
}

/**
 * Asks for one effect that nobody waits for: the pass goes on, and is made once more when the reply is there.
 *
 * @param {string} driver @param {unknown} request
 */
export function aside(driver, request) {
  const now = current(`\`${driver}\``);
  if (now.pending) return;
  now.asked.push(new Effect(driver, request));
  now.late ||= now.asked.length > now.replies.length;
}

/** Whether effects can be asked for now. */
export const running = () => pass !== undefined;

/**
 * Makes one pass. `perform` wins over whatever the body returned, threw or caught once a reply was missing.
 *
 * @param {Reply[]} replies every reply of the run, oldest first
 * @param {() => Given} body
 * @param {(error: unknown) => Given} failed
 * @returns {Given}
 */
export function makePass(replies, body, failed) {
  const mine = { replies, asked: /** @type {Effect[]} */ ([]), pending: false, late: false };
  pass = mine;
  let end;
  try {
    end = body();
  } catch (error) {
    end = failed(error);
  } finally {
    pass = undefined;
  }
  if (!mine.pending && !mine.late) return end;
  return { tag: 'perform', val: mine.asked.map(({ driver, request }) => ({ driver, request })) };
}
