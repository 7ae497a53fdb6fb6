// @ts-check
/** Plain text of HTML, and short words for base64. It makes nothing safe; it makes texts short. Time is linear. */

const HTML = /<(!doctype html|html|head|body|div|p|table|ul|ol|br|span|h[1-6])\b/i;
const SILENT = ['script', 'style', 'svg', 'noscript'];
const BREAKS = /^\/?(p|div|br|li|tr|ul|ol|table|h[1-6]|section|article|header|footer|blockquote|pre)\b/i;
const ENTITIES = /** @type {Record<string, string>} */ ({
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
});
const BLOB = /(?:data:[\w.+/-]{1,100};base64,)?[A-Za-z0-9+/_-]{200,}={0,2}/g;

/** @param {string} text */
function decoded(text) {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (all, decimal, hex, name) => {
    if (name) return ENTITIES[name.toLowerCase()] ?? all;
    const point = decimal ? Number(decimal) : parseInt(hex, 16);
    return point > 0 && point < 0x110000 ? String.fromCodePoint(point).toWellFormed() : '';
  });
}

/**
 * Where what begins with the tag at `at` ends, and what stands in its place.
 *
 * @param {string} html @param {string} lower the same in lower case @param {number} at
 * @returns {[end: number, instead: string]}
 */
function tag(html, lower, at) {
  /** @param {string} close @param {number} from */
  const after = (close, from) => {
    const found = lower.indexOf(close, from);
    return found < 0 ? html.length : found + close.length;
  };
  if (html.startsWith('<!--', at)) return [after('-->', at + 4), ''];
  if (!/[a-z/!?]/.test(lower[at + 1] ?? '')) return [at + 1, '<'];
  const name = lower.slice(at + 1, at + 12);
  const silent = SILENT.find((each) => name.startsWith(each) && !/[a-z]/.test(name[each.length] ?? ''));
  const end = after('>', at + 1);
  if (silent) return [after('>', after(`</${silent}`, end)), ''];
  return [end, BREAKS.test(name) ? '\n' : ''];
}

/**
 * The text of HTML; other texts stay as they are.
 *
 * @param {string} html
 */
export function plain(html) {
  if (!HTML.test(html)) return html;
  const lower = html.toLowerCase();
  if (lower.length !== html.length) return html;
  let text = '';
  let at = 0;
  for (let open = html.indexOf('<'); open >= 0; open = html.indexOf('<', at)) {
    const [end, instead] = tag(html, lower, open);
    text += html.slice(at, open) + instead;
    at = end;
  }
  const lines = decoded(text + html.slice(at)).split('\n');
  return lines
    .map((line) => line.replace(/[ \t\r\f]+/g, ' ').trim())
    .filter(Boolean)
    .join('\n');
}

/**
 * The text with a word in the place of each run of base64.
 *
 * @param {string} text
 */
export const withoutBlobs = (text) =>
  text.replace(BLOB, (found) => `[base64, ${Math.ceil((found.length * 3) / 4000)} kB]`);
