// @ts-check
/** Where in the author's files an error came up, and what a bug says of itself. It catches nothing. */

import { Problem, oneLine } from './problem.js';

const FRAME = /\(?([^\s()]+?):(\d+)(?::\d+)?\)?$/;
const OURS = /(^|\/)(sdk\/(src|index)|@mcpg\/sdk)\b/;

/**
 * Which lines of the bundle are which lines of which file; the build puts it there.
 *
 * @typedef {[from: number, file: string, line: number][]} Lines
 */

/**
 * The file and the line that a line of the bundle was.
 *
 * @param {Lines} lines in the order of `from` @param {number} line
 * @returns {[string, number] | undefined}
 */
export function origin(lines, line) {
  const found = lines.findLast(([from]) => from <= line);
  return found && [found[1], found[2] + line - found[0]];
}

/**
 * `file:line` of the author's code in the stack of an error, or nothing.
 *
 * @param {unknown} error @param {Lines | undefined} [lines]
 */
export function where(error, lines = /** @type {{__mcpg_lines?: Lines}} */ (globalThis).__mcpg_lines) {
  const stack = error instanceof Error ? String(error.stack ?? '') : '';
  for (const row of stack.split('\n')) {
    const match = FRAME.exec(row.trim());
    if (!match) continue;
    const place = lines ? origin(lines, Number(match[2])) : [match[1].replace(/^.*\//, ''), Number(match[2])];
    if (place && place[1] && !OURS.test(lines ? String(place[0]) : match[1])) return `${place[0]}:${place[1]}`;
  }
  return '';
}

/**
 * What leaves a plugin when `error` ended its code: exactly a code and a message.
 *
 * @param {unknown} error
 */
export function problemOf(error) {
  try {
    return told(error);
  } catch {
    return { code: 'plugin-error', message: 'thrown: something that cannot be looked at' };
  }
}

/** @param {unknown} error */
function told(error) {
  if (error instanceof Problem && typeof error.code === 'string') {
    return { code: error.code.toWellFormed(), message: oneLine(String(error.message)) };
  }
  const place = where(error);
  const text =
    error instanceof Error ? `${String(error.name)}: ${String(error.message)}` : `thrown: ${shown(error)}`;
  return { code: 'plugin-error', message: oneLine(place ? `${text} (${place})` : text) };
}

/** @param {unknown} thrown */
function shown(thrown) {
  try {
    return typeof thrown === 'object' ? JSON.stringify(thrown) : String(thrown);
  } catch {
    return Object.prototype.toString.call(thrown);
  }
}
