// @ts-check
/**
 * JSON both ways without changing what only passes through.
 *
 * Whole numbers that JavaScript's numbers cannot hold are read as `BigInt` and written as they were. Halves of
 * surrogate pairs, which are no Unicode, are written as U+FFFD.
 */

const LONG = /\d{16}|\d[eE]/;
const WHOLE = /^-?\d+$/;
const raw = /** @type {{rawJSON?: (text: string) => object}} */ (JSON).rawJSON;

if (raw && !('toJSON' in BigInt.prototype)) {
  Object.defineProperty(BigInt.prototype, 'toJSON', {
    configurable: true,
    value() {
      return raw(String(this));
    },
  });
}

/**
 * @param {string} _key @param {unknown} value
 * @param {{source?: string}} [context] the text of a number, where the engine gives it
 */
function exact(_key, value, context) {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value;
  if (WHOLE.test(source)) return BigInt(source);
  return Number.isFinite(value) || !raw ? value : raw(source);
}

/**
 * The value of a JSON text.
 *
 * @param {string} text @returns {any}
 */
export function parse(text) {
  return LONG.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
}

/**
 * The JSON text of a value.
 *
 * @param {unknown} value
 */
export function stringify(value) {
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON`);
  if (!text.includes('\\ud')) return text;
  return text.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'));
}
