// @ts-check
/** From a source map to a short table: which lines of the bundle are which lines of which file. Columns are left out. */

const DIGITS = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((d, i) => [d, i]));

/** The numbers of a segment (base64 VLQ). @param {string} segment */
function numbers(segment) {
  const found = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = /** @type {number} */ (DIGITS.get(digit));
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    found.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return found;
}

/**
 * @param {{sources: string[], mappings: string}} map
 * @returns {[from: number, file: string, line: number][]} runs of lines, each from 1
 */
export function linesOf({ sources, mappings }) {
  /** @type {[number, string, number][]} */
  const runs = [];
  let [source, line] = [0, 0];
  mappings.split(';').forEach((row, i) => {
    let first;
    for (const segment of row ? row.split(',') : []) {
      const [, ofSource, ofLine] = numbers(segment);
      if (ofSource === undefined) continue;
      source += ofSource;
      line += ofLine;
      first ??= { file: sources[source], line: line + 1 };
    }
    if (!first) return;
    const last = runs.at(-1);
    const goesOn = last && last[1] === first.file && last[2] + (i + 1 - last[0]) === first.line;
    if (!goesOn) runs.push([i + 1, first.file, first.line]);
  });
  return runs;
}
