// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, stringify } from '../src/json.js';

// Node 20 has no texts of numbers; the engine has.
const skip = !('rawJSON' in JSON);

const same = [
  '{"id":12345678901234567890,"a":[-9007199254740993,1,1.5,-3],"b":"1234567890123456789"}',
  '[1e400,-1E999]',
  '{"__proto__":{"a":12345678901234567890}}',
  '"\\\\ud800"',
  '{"🙂":"🙂"}',
];
for (const text of same)
  test(`${text} comes out as it went in`, { skip }, () => assert.equal(stringify(parse(text)), text));

test('whole numbers beyond 2^53 are BigInt, others numbers', { skip }, () => {
  assert.deepEqual(parse('[9007199254740991,9007199254740992,1e3]'), [9007199254740991, 9007199254740992n, 1000]);
});

test('halves of surrogate pairs become U+FFFD', () => {
  assert.equal(
    stringify({ '\udc00': ['a\ud83d', '\\ud83d', '\ud83d\ude00'] }),
    '{"\ufffd":["a\ufffd","\\\\ud83d","😀"]}',
  );
});

test('what has no JSON is an error', () => {
  assert.throws(() => stringify(undefined), TypeError);
  assert.throws(() => stringify(() => 1), TypeError);
});
