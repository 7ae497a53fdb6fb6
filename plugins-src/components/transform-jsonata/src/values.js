// @ts-check
/** The value that a tool's result stands for, and the result with another value in its place. */

import { parse, stringify } from '@mcpg/sdk';

/** @typedef {Record<string, any>} Result */

/** @param {Result} result @returns {any} the only part of the content that is text, if there is exactly one */
function onlyText({ content }) {
  const texts = Array.isArray(content) ? content.filter((part) => part?.type === 'text') : [];
  return texts.length === 1 ? texts[0] : undefined;
}

/** @param {string} text */
function read(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return parse(text);
  } catch {
    return text;
  }
}

/**
 * A result's value: its structured content, else its only text; nothing where it has neither.
 *
 * @param {Result} result @returns {{value: any} | undefined}
 */
export function valueOf(result) {
  if (result.structuredContent !== undefined) return { value: result.structuredContent };
  const part = onlyText(result);
  return part && { value: read(part.text) };
}

/**
 * The result with `value` in the place of the old one: as text, and as structured content where there was some.
 *
 * @param {Result} result @param {any} value @returns {Result}
 */
export function withValue(result, value) {
  const text = typeof value === 'string' ? value : stringify(value);
  const old = onlyText(result);
  const content = old
    ? result.content.map((/** @type {any} */ part) => (part === old ? { ...part, text } : part))
    : [{ type: 'text', text }];
  const structured = result.structuredContent !== undefined && { structuredContent: value };
  return { ...result, content, ...structured };
}

/** @param {unknown} value @returns {value is Record<string, any>} */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
