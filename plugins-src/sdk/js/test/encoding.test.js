// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '../src/index.js';

const texts = ['', 'a', 'ab', 'abc', 'abcd', 'äöü€🙂', '\0\x7f', 'a+/b==', '%41 &?=#'];

for (const text of texts) {
  test(`UTF-8, base64 and percent-encoding of ${JSON.stringify(text)}`, () => {
    const buffer = Buffer.from(text);
    assert.deepEqual([...sdk.utf8Encode(text)], [...buffer]);
    assert.equal(sdk.utf8Decode(buffer), text);
    assert.equal(sdk.utf8Length(text), buffer.length);
    assert.equal(sdk.toBase64(text), buffer.toString('base64'));
    assert.deepEqual([...sdk.fromBase64(buffer.toString('base64'))], [...buffer]);
    assert.deepEqual([...sdk.fromBase64(buffer.toString('base64url'))], [...buffer]);
    assert.equal(decodeURIComponent(sdk.percentEncode(text)), text);
    assert.match(sdk.percentEncode(text), /^([A-Za-z0-9\-._~]|%[0-9A-F]{2})*$/);
  });
}

test('every byte survives base64', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(sdk.fromBase64(sdk.toBase64(bytes)), bytes);
});

test('what is not base64 or UTF-8 is an error', () => {
  for (const bad of ['a', 'a$bc', 'ab c', 'abcd=e']) assert.throws(() => sdk.fromBase64(bad), SyntaxError);
  assert.throws(() => sdk.utf8Decode(Uint8Array.of(0xff)), URIError);
});

test('halves of surrogate pairs are encoded as U+FFFD', () => {
  assert.equal(sdk.percentEncode('\ud800'), '%EF%BF%BD');
  assert.equal(sdk.utf8Length('\ud800'), 3);
});

test('a segment stays where it stands', () => {
  assert.equal(sdk.pathSegment('a/../b?'), 'a%2F..%2Fb%3F');
  for (const bad of ['', '.', '..']) assert.throws(() => sdk.pathSegment(bad), { code: 'bad-arguments' });
  assert.equal(sdk.query({ a: 'x y', b: undefined, c: null, 'd&': 1 }), 'a=x%20y&d%26=1');
});

test('results', () => {
  assert.deepEqual(sdk.textResult('5'), { content: [{ type: 'text', text: '5' }] });
  assert.equal(sdk.errorResult('no').isError, true);
  assert.deepEqual(sdk.jsonResult({ a: 1 }), { ...sdk.textResult('{"a":1}'), structuredContent: { a: 1 } });
  assert.equal('structuredContent' in sdk.jsonResult([1]), false);
  assert.match(JSON.stringify(sdk.jsonResult({ a: { $ref: 'blob:0' } }).content), /large parts/);
});
