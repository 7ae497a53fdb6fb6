// @ts-check
/** What the engine lacks and plugins need: UTF-8, base64 and percent-encoding of text. */

import { Problem } from './problem.js';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...DIGITS, '-', '_'].map((digit, i) => [digit, i < 64 ? i : i - 2]));

/** The UTF-8 of a text. @param {string} text */
export function utf8Encode(text) {
  const escaped = encodeURIComponent(text.toWellFormed());
  const bytes = [];
  for (let i = 0; i < escaped.length; i++) {
    if (escaped[i] === '%') {
      bytes.push(parseInt(escaped.slice(i + 1, i + 3), 16));
      i += 2;
    } else bytes.push(escaped.charCodeAt(i));
  }
  return Uint8Array.from(bytes);
}

/** The text of UTF-8; what is none throws `URIError`. @param {Uint8Array} bytes */
export function utf8Decode(bytes) {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`;
  return decodeURIComponent(escaped);
}

/** How many bytes a text has as UTF-8. @param {string} text */
export function utf8Length(text) {
  let bytes = 0;
  for (const character of text) {
    const point = /** @type {number} */ (character.codePointAt(0));
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Base64 of bytes, or of the UTF-8 of a text. @param {Uint8Array | string} given */
export function toBase64(given) {
  const bytes = typeof given === 'string' ? utf8Encode(given) : given;
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(i, i + 3);
    text += DIGITS[a >> 2] + DIGITS[((a & 3) << 4) | (b >> 4)];
    text += i + 1 < bytes.length ? DIGITS[((b & 15) << 2) | (c >> 6)] : '=';
    text += i + 2 < bytes.length ? DIGITS[c & 63] : '=';
  }
  return text;
}

/** The bytes of base64 or base64url, padded or not; other text throws `SyntaxError`. @param {string} text */
export function fromBase64(text) {
  const digits = text.replace(/={1,2}$/, '');
  if (digits.length % 4 === 1) throw new SyntaxError('this is not base64: it has a digit too many');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let held = 0;
  for (let i = 0, at = 0; i < digits.length; i++) {
    const value = VALUES.get(digits[i]);
    if (value === undefined) throw new SyntaxError(`this is not base64: it has ${JSON.stringify(digits[i])}`);
    held = ((held << 6) | value) & 0xffffff;
    if (i % 4) bytes[at++] = held >> [0, 4, 2, 0][i % 4];
  }
  return bytes;
}

/** Text for one place in a path or a query: everything but unreserved characters is encoded. @param {string} text */
export function percentEncode(text) {
  const escaped = encodeURIComponent(String(text).toWellFormed());
  return escaped.replace(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Text for one segment of a path. Nothing, `.` and `..` are a problem: they lead elsewhere however they are encoded.
 *
 * @param {string} text
 */
export function pathSegment(text) {
  if (text === '' || text === '.' || text === '..') {
    throw new Problem('bad-arguments', `"${text}" cannot be a part of a path`);
  }
  return percentEncode(text);
}

/** A query of names and values; what is undefined or null is left out. @param {Record<string, unknown>} values */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return given.map(([name, value]) => `${percentEncode(name)}=${percentEncode(String(value))}`).join('&');
}
