// @ts-check
/** MCP tool results. */

import { stringify } from './json.js';

/** A result with one text. @param {string} text */
export const textResult = (text) => ({ content: [{ type: 'text', text: String(text) }] });

/** A result that tells the caller of an error. @param {string} text */
export const errorResult = (text) => ({ ...textResult(text), isError: true });

/**
 * A result with a value: as text, and as structured content too if it is an object.
 *
 * @param {unknown} value
 */
export function jsonResult(value) {
  const text = stringify(value);
  const large = text.includes('"$ref":"blob:');
  const shown = textResult(large ? 'The result has large parts: see the structured content.' : text);
  return text.startsWith('{') ? { ...shown, structuredContent: value } : shown;
}
