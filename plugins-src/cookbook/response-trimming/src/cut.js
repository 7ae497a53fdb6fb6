// @ts-check
/** Cuts a text where it hurts least: between paragraphs, lines, sentences or words. */

/** How much of the room may be given up for a better place. */
const SLACK = 0.3;
const SENTENCE = /[.!?。！？]["')\]]?\s/g;

/** The end of the last sentence in a text. @param {string} text */
function sentence(text) {
  let end = -1;
  for (const match of text.matchAll(SENTENCE)) end = match.index + match[0].length;
  return end;
}

/**
 * Where to cut `text` so that at most `room` characters are left.
 *
 * @param {string} text @param {number} room
 */
function place(text, room) {
  const least = Math.floor(room * (1 - SLACK));
  const tail = text.slice(least, room);
  const candidates = [tail.lastIndexOf('\n\n'), tail.lastIndexOf('\n'), sentence(tail), tail.lastIndexOf(' ')];
  const best = candidates.find((index) => index > 0);
  if (best !== undefined) return least + best;
  const half = /[\ud800-\udbff]/.test(text[room - 1] ?? '');
  return half ? room - 1 : room;
}

/**
 * The text, or its beginning and how much was left out, at most `max` characters (UTF-16 code units) together.
 *
 * @param {string} text @param {number} max
 */
export function cut(text, max) {
  if (text.length <= max) return text;
  const head = text.slice(0, place(text, Math.max(0, max - note(text.length).length))).trimEnd();
  return head + note(text.length - head.length);
}

/** @param {number} count */
const note = (count) => `\n[… ${count} more characters]`;
