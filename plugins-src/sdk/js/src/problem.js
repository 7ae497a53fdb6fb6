// @ts-check
/** What went wrong, as it leaves a plugin: a code and one line. It decides nothing. */

const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LENGTH = 500;

/**
 * Text on one line, well formed and not too long.
 *
 * @param {string} text
 */
export function oneLine(text) {
  const line = text.replace(/\s+/g, ' ').trim().toWellFormed();
  return line.length > LENGTH ? `${line.slice(0, LENGTH).toWellFormed()}…` : line;
}

/**
 * Why something did not work. Throw one to end a run with that code.
 *
 * The message is one line for a person, and never holds a secret.
 */
export class Problem extends Error {
  /** @param {string} code words in lower case with `-` between them @param {string} message */
  constructor(code, message) {
    super(oneLine(String(message)));
    if (typeof code !== 'string' || !CODE.test(code)) {
      throw new TypeError(`a problem's code is words in lower case with - between them, not ${JSON.stringify(code)}`);
    }
    this.name = 'Problem';
    this.code = code;
  }
}

/** A failed reply: an effect did not work. Catch it to go on without. */
export class Failed extends Problem {
  /** @param {{code: string, message: string}} reply */
  constructor({ code, message }) {
    super(CODE.test(code) ? code : 'effect-failed', message);
    this.name = 'Failed';
  }
}

/** Thrown where a reply is not there yet; whoever catches it, the run goes on as if he had not. */
export class Pending {
  toString() {
    return 'a reply is not there yet: let this pass through';
  }
}
