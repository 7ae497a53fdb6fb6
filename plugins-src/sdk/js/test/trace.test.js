// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { origin, where } from '../src/trace.js';
import { linesOf } from '../tool/lines.js';

/** @param {string} stack */
const thrown = (stack) => Object.assign(new Error(), { stack });

test('lines of a bundle are lines of files', () => {
  /** @type {[number, string, number][]} */
  const lines = [
    [1, 'node_modules/@mcpg/sdk/src/run.js', 9],
    [20, 'src/a.js', 3],
    [30, 'plugin.js', 1],
  ];
  assert.deepEqual(origin(lines, 22), ['src/a.js', 5]);
  assert.equal(where(thrown('    at f (/plugin.js:5:1)\n    at g (/plugin.js:22:7)\n'), lines), 'src/a.js:5');
  assert.equal(where(thrown('    at f (native)\n    at /plugin.js:30\n'), lines), 'plugin.js:1');
  assert.equal(where(thrown('    at f (/plugin.js:5:1)\n'), lines), '');
  assert.equal(where('no error', lines), '');
});

test('a source map becomes runs of lines', () => {
  // Lines 1 and 2 are 1 and 2 of a.js, 3 is nobody's, 4 and 5 are 1 and 3 of b.js, the latter with two segments.
  const map = { sources: ['a.js', 'b.js'], mappings: 'AAAA;AACA,EAAE;;ACDA;AAEA,GAAG' };
  assert.deepEqual(linesOf(map), [
    [1, 'a.js', 1],
    [4, 'b.js', 1],
    [5, 'b.js', 3],
  ]);
});
