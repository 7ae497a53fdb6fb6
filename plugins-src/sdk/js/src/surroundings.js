// @ts-check
/**
 * What a plugin finds around it: the run's clock and randomness where they were given, and a plain word where there is
 * nothing. Outside of the engine, in an author's own tests, nothing is touched.
 */

import { log } from './drivers.js';
import { Problem } from './problem.js';
import { running } from './run.js';

/**
 * @typedef {{id: string, now: number, seed: string}} Facts
 * @typedef {Record<string, any>} Globals
 */

/** @type {Facts | undefined} */
let facts;
/** @type {(() => number) | undefined} */
let random;

/**
 * Tells what is known of the run that begins; both clock and randomness start anew with each pass.
 *
 * @param {Facts | undefined} given
 */
export function begin(given) {
  facts = given;
  random = undefined;
}

/** The run's recorded time, ms since 1970. */
export function now() {
  if (facts?.now !== undefined) return facts.now;
  throw new Problem('no-clock', 'there is no clock here: list `/run/now` under `reads`, it is the same in every pass');
}

/** The next number of the run's own sequence, from 0 to 1. It is no secret. */
export function randomNumber() {
  if (!facts?.seed) {
    throw new Problem('no-randomness', 'there is no randomness here: list `/run/seed` under `reads`');
  }
  random ??= sequence(facts.seed);
  return random();
}

/** A sequence of numbers (splitmix32) that only the seed decides. @param {string} seed */
function sequence(seed) {
  let state = 0;
  for (const digit of seed) state = (Math.imul(state, 31) + digit.charCodeAt(0)) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** @param {string} name @param {string} instead */
const missing = (name, instead) => () => {
  throw new Problem('not-in-plugins', `there is no \`${name}\` in a plugin: ${instead}`);
};

/** @param {unknown} part */
function shown(part) {
  if (typeof part === 'string') return part;
  if (part instanceof Error) return `${part.name}: ${part.message}`;
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    return String(part);
  }
}

/**
 * A console whose lines go to the gateway's log, if the manifest lists the driver `log` and there is a run; else they
 * go nowhere.
 *
 * @param {boolean} logs
 */
function makeConsole(logs) {
  const levels = /** @type {const} */ ({ debug: 'debug', log: 'info', info: 'info', warn: 'warning', error: 'error' });
  return Object.fromEntries(
    Object.entries(levels).map(([name, level]) => [
      name,
      (/** @type {unknown[]} */ ...parts) => {
        if (logs && running()) log(level, parts.map(shown).join(' '));
      },
    ]),
  );
}

/**
 * Puts all of this in place.
 *
 * @param {Globals} target the global object @param {boolean} logs whether the manifest lists the driver `log`
 */
export function install(target, logs) {
  const Real = target.Date;
  target.Date = new Proxy(Real, {
    construct: (real, given, made) => Reflect.construct(real, given.length ? given : [now()], made),
    apply: () => new Real(now()).toString(),
    get: (real, name) => (name === 'now' ? now : Reflect.get(real, name)),
  });
  Real.prototype.constructor = target.Date;
  target.Math.random = randomNumber;
  target.performance = { now, timeOrigin: 0 };
  target.console = makeConsole(logs);
  target.fetch = missing('fetch', 'ask for it with http({url: ...}), which returns the reply');
  for (const name of ['setTimeout', 'setInterval', 'setImmediate']) {
    target[name] = missing(name, 'nothing runs after a function has returned');
  }
  target.require = missing('require', 'write `import`, the build puts packages into the plugin');
}

// @ts-expect-error - the build puts true or false in its place
const logs = Boolean(globalThis.__mcpg_logs);
if ('__cqjs' in globalThis) install(globalThis, logs);
