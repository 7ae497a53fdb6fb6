// @ts-check
/** Trims values: members that are dropped, lists, and the texts in them. What was an object stays one. */

import { parse, stringify } from '@mcpg/sdk';
import { cut } from './cut.js';
import { plain, withoutBlobs } from './markup.js';

/**
 * @typedef {{max_chars?: number, max_items?: number, drop?: string[], html?: boolean, blobs?: boolean}} Limits
 * @typedef {string[][]} Paths what is dropped, seen from where we are
 */

/** How often a text that is JSON is trimmed harder until it fits. */
const ROUNDS = 12;

/** @param {string[]} pointers @returns {Paths} */
export const paths = (pointers) =>
  pointers.map((pointer) =>
    pointer
      .slice(1)
      .split('/')
      .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~')),
  );

/** What is dropped, seen from the member `key`; true if it is the member itself. @param {Paths} from @param {string} key */
function inside(from, key) {
  /** @type {Paths} */
  const found = [];
  for (const [first, ...rest] of from) {
    if (first === '**') {
      found.push(['**', ...rest]);
      if (rest[0] === key || rest[0] === '*') found.push(rest.slice(1));
    } else if (first === key || first === '*') found.push(rest);
  }
  return found.some((path) => path.length === 0) || found;
}

/**
 * A value with everything trimmed that the limits name.
 *
 * @param {any} value @param {Limits} limits @param {Paths} drop
 * @param {boolean} marked whether a list ends with how many items were left out
 * @returns {any}
 */
export function trimmed(value, limits, drop, marked) {
  if (typeof value === 'string') return text(value, limits);
  if (Array.isArray(value)) return list(value, limits, drop, marked);
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  const kept = [];
  for (const [key, member] of Object.entries(value)) {
    const below = inside(drop, key);
    if (below !== true) kept.push([key, trimmed(member, limits, below || [], marked)]);
  }
  return Object.fromEntries(kept);
}

/** @param {any[]} items @param {Limits} limits @param {Paths} drop @param {boolean} marked */
function list(items, limits, drop, marked) {
  const most = limits.max_items ?? Infinity;
  const kept = [];
  items.slice(0, most).forEach((item, i) => {
    const below = inside(drop, String(i));
    if (below !== true) kept.push(trimmed(item, limits, below || [], marked));
  });
  if (marked && items.length > most) kept.push(`… ${items.length - most} more`);
  return kept;
}

/** A text that is no JSON. @param {string} given @param {Limits} limits */
export function text(given, { html, blobs, max_chars: most = Infinity }) {
  const shown = html ? plain(given) : given;
  return cut(blobs ? withoutBlobs(shown) : shown, most);
}

/**
 * A text of a result. One that is JSON stays JSON: lists and texts in it become shorter until it fits, if it can.
 *
 * @param {string} given @param {Limits} limits @param {Paths} drop
 */
export function partText(given, limits, drop) {
  let value;
  try {
    value = /^\s*[[{]/.test(given) ? parse(given) : undefined;
  } catch {
    // It only begins like JSON.
  }
  if (value === undefined) return text(given, limits);
  const most = limits.max_chars ?? Infinity;
  let tight = limits;
  let shorter = stringify(trimmed(value, tight, drop, true));
  if (shorter === stringify(value) && given.length <= most) return given;
  for (let round = 0; shorter.length > most && round < ROUNDS; round++) {
    const { max_items: items = 64, max_chars: chars = most } = tight;
    tight = { ...tight, max_items: Math.max(1, items >> 1), max_chars: Math.max(40, chars >> 1) };
    shorter = stringify(trimmed(value, tight, drop, true));
  }
  return shorter;
}
