// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failed, ok, toTheEnd } from './asked.js';

/** @param {string} name @param {object} config @returns {Promise<any>} */
async function example(name, config) {
  const made = await import(`../examples/${name}.js`);
  made.lifecycle.configure(JSON.stringify(config));
  return made;
}

test('two sources', async () => {
  const { backend } = await example('two-sources', { crm: 'https://c.test', orders: 'https://o.test' });
  const asked = { name: 'customer', arguments: { id: 'a/b' } };
  const serve = (/** @type {any} */ { request }) =>
    request.url === 'https://c.test/customers/a%2Fb' ? ok({ status: 200, json: { name: 'ana' } }) : failed('late', '');
  const { answer, passes } = toTheEnd(backend.call, [{}, asked], serve);
  assert.deepEqual(JSON.parse(answer.val).structuredContent, { name: 'ana', orders: null });
  assert.equal(passes, 2);
  assert.equal(toTheEnd(backend.call, [{}, asked], () => failed('gone', '')).answer.val.code, 'gone');
});

test('signed request', async () => {
  const { backend } = await example('signed-request', { url: 'https://n.test', key: 'secret://env/KEY' });
  const serve = (/** @type {any} */ { driver, request }) => {
    if (driver === 'sign') return ok({ signature: request.text === 'POST\n/notices\n{"a":1}' && 'good' });
    return ok({ status: request.headers['x-signature'] === 'good' && request.body === '{"a":1}' ? 202 : 403 });
  };
  assert.equal(toTheEnd(backend.call, [{}, { arguments: { a: 1 } }], serve).answer.tag, 'done');
  assert.equal(toTheEnd(backend.call, [{}, { arguments: { a: 2 } }], serve).answer.val.code, 'notice-refused');
});

test('weekly budget', async () => {
  const { limit } = await example('weekly-budget', { price: 2, caller: 100, team: 1000 });
  const { val } = limit.reserve('{"id":"ana","groups":["ops"]}', '{}');
  assert.deepEqual(
    val.map((/** @type {any} */ each) => [each.account[1], each.cost, each.capacity, each.window]),
    [
      ['ana', 2e6, 1e8, 604800],
      ['ops', 2e6, 1e9, 604800],
    ],
  );
  assert.deepEqual(limit.settle('{"id":"ana","groups":[]}', '{}', '{"status":"failed"}'), []);
});

test('working hours', async () => {
  const { policy } = await example('working-hours', { from: 0, to: 24 });
  assert.deepEqual(policy.decide('{}', '{}', []), { tag: 'permit', val: [] });
});
