// @ts-check
/** JSONata expressions: checked when the plugin is configured, bounded when they are evaluated. */

// The small file, because the engine keeps the text of every function: 0.9 MB less in the component.
import jsonata from 'jsonata/jsonata.min.js';
import { Problem } from '@mcpg/sdk';

/** Evaluations within one another. Each takes some 10 KiB of the engine's stack, and beyond it the instance ends. */
const LEVELS = 36;

/**
 * @typedef {(input: unknown, variables: Record<string, unknown>) => any} Evaluate
 * @typedef {{code?: string, position?: number, message?: string}} Raised what JSONata throws
 */

/**
 * Calls `make` with a clock that stands still: JSONata reads the clock also where an expression never asks for it.
 *
 * @template T @param {() => T} make @returns {T}
 */
function timeless(make) {
  const Clock = globalThis.Date;
  const still = class extends Clock {
    constructor() {
      super(0);
    }
  };
  globalThis.Date = /** @type {any} */ (still);
  try {
    return make();
  } finally {
    globalThis.Date = Clock;
  }
}

/** @param {string} name @param {string} text */
function parsed(name, text) {
  try {
    return timeless(() => jsonata(text));
  } catch (error) {
    const { code, position, message } = /** @type {Raised} */ (error);
    throw new Problem('bad-config', `\`${name}\` is no expression: ${message} (${code}, character ${position})`);
  }
}

/**
 * What a failed evaluation says. JSONata's own messages can hold what was evaluated, so only code and place leave.
 *
 * @param {string} name @param {unknown} error
 */
function failure(name, error) {
  if (error instanceof Problem) return error;
  const { code, position } = /** @type {Raised} */ (error ?? {});
  if (typeof code !== 'string') return new Problem('jsonata-failed', `\`${name}\` failed`);
  const place = position === undefined ? '' : ` at character ${position}`;
  return new Problem('jsonata-failed', `\`${name}\` failed${place}: ${code}, see JSONata's list of errors`);
}

/**
 * An expression that is ready to be evaluated; throws `bad-config` if it is none.
 *
 * @param {string} name where it stands in the configuration @param {string} text
 * @returns {Evaluate}
 */
export function expression(name, text) {
  const made = parsed(name, text);
  let level = 0;
  made.assign('__evaluate_entry', () => {
    if (++level > LEVELS) throw new Problem('jsonata-too-deep', `\`${name}\` calls itself too deep`);
  });
  made.assign('__evaluate_exit', () => level--);
  made.registerFunction('eval', () => {
    throw new Problem('jsonata-failed', `\`${name}\` uses \`$eval\`, which would make code of data`);
  });
  return (input, variables) => {
    level = 0;
    try {
      return made.evaluate(input, variables);
    } catch (error) {
      throw failure(name, error);
    }
  };
}
