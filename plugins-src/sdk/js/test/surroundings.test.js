// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import vm from 'node:vm';
import * as sdk from '../src/index.js';
import { begin, install } from '../src/surroundings.js';

/** Globals of their own, changed as in the engine. @param {boolean} [logs] @returns {any} */
function changed(logs = false) {
  const context = vm.createContext({});
  install(vm.runInContext('globalThis', context), logs);
  return context;
}

/** @param {any} target @param {string} code */
const run = (target, code) => vm.runInContext(code, target);

test('outside of the engine nothing is touched', () => {
  assert(Date.now() > 1e12);
  assert.equal(typeof fetch, 'function');
});

test('the clock is that of the run', () => {
  const target = changed();
  begin({ id: 'r', now: 5, seed: '00' });
  assert.equal(run(target, 'Date.now() + new Date().getTime() + performance.now()'), 15);
  assert.equal(run(target, 'new Date(7).getTime() + new Date("1970-01-01T00:00:00Z").getTime()'), 7);
  assert.equal(
    run(target, 'new Date(7) instanceof Date && new Date(7).constructor === Date && typeof Date()'),
    'string',
  );
  begin(undefined);
  assert.throws(() => run(target, 'new Date()'), { code: 'no-clock' });
});

test('randomness is decided by the seed and starts anew with each pass', () => {
  const target = changed();
  const three = () => (begin({ id: 'r', now: 0, seed: 'a1' }), run(target, '[1, 2, 3].map(Math.random)'));
  const first = three();
  assert.deepEqual([...first], [...three()]);
  assert.equal(new Set(first).size, 3);
  assert(first.every((/** @type {number} */ n) => n >= 0 && n < 1));
  begin({ id: 'r', now: 0, seed: 'a2' });
  assert.notEqual(run(target, 'Math.random()'), first[0]);
  begin(undefined);
  assert.throws(() => run(target, 'Math.random()'), { code: 'no-randomness' });
});

test('a document that knows the run gives clock and randomness', () => {
  const target = changed();
  const before = () => sdk.changed({ now: run(target, 'Date.now()') });
  const { lifecycle, transform } = sdk.defineTransform(() => ({ before }));
  lifecycle.configure('{}');
  assert.equal(transform.before('{}', '{"run":{"id":"","now":9,"seed":""}}', []).val, '{"now":9}');
  assert.equal(transform.before('{}', '{}', []).val.code, 'no-clock');
});

test('what a browser or Node has says what to do instead', () => {
  for (const code of ['fetch("x")', 'setTimeout(() => {}, 1)', 'require("fs")']) {
    assert.throws(() => run(changed(), code), { code: 'not-in-plugins', message: /: (ask|nothing|write)/ });
  }
});

test('the console writes into the log if the manifest lists it, else nowhere', () => {
  const before = () => sdk.unchanged();
  for (const logs of [true, false]) {
    const target = changed(logs);
    const say = () => (run(target, 'console.warn("a", {b: 1})'), before());
    const { lifecycle, transform } = sdk.defineTransform(() => ({ before: say }));
    lifecycle.configure('{}');
    const answer = transform.before('{}', '{}', []);
    assert.equal(answer.tag, logs ? 'perform' : 'unchanged');
    if (logs) assert.deepEqual(JSON.parse(answer.val[0].request), { level: 'warning', message: 'a {"b":1}' });
    assert.doesNotThrow(() => run(target, 'console.log("outside of a run")'));
  }
});
