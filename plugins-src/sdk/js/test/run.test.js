// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '../src/index.js';
import { failed, ok, toTheEnd } from './asked.js';

/** A backend whose `call` is the function given. @param {(call: any) => any} call */
function calling(call) {
  const { lifecycle, backend } = sdk.defineBackend(() => ({ describe: () => ({}), call: (_, given) => call(given) }));
  lifecycle.configure('{}');
  return /** @type {(...given: any[]) => any} */ (backend.call);
}

const GET = { url: 'https://a.test' };

test('straight-line code asks, and goes on with the replies', () => {
  const call = calling(() => {
    const { a } = sdk.http(GET);
    const [b, c] = sdk.all([sdk.http.effect({ url: 'b' }), sdk.sql.effect({ connection: 'c' })]);
    return { sum: a + b.n + c.n };
  });
  const first = call('{}', '{}', []);
  assert.deepEqual(first, { tag: 'perform', val: [{ driver: 'http', request: JSON.stringify(GET) }] });
  const second = call('{}', '{}', [ok({ a: 1 })]);
  assert.deepEqual(
    second.val.map((/** @type {any} */ each) => each.driver),
    ['http', 'http', 'sql'],
  );
  assert.deepEqual(second.val[0], first.val[0]);
  const last = call('{}', '{}', [ok({ a: 1 }), ok({ n: 2 }), ok({ n: 3 })]);
  assert.deepEqual(last, { tag: 'done', val: '{"sum":6}' });
});

test('an all that is partly answered is asked again as a whole', () => {
  const call = calling(() => sdk.all([sdk.http.effect(GET), sdk.http.effect(GET)]));
  assert.equal(call('{}', '{}', [ok({})]).val.length, 2);
});

test('a catch that takes everything does not hide that a reply is missing', () => {
  const call = calling(() => {
    for (let i = 0; i < 3; i++) {
      try {
        sdk.http(GET);
      } catch {
        sdk.log('info', 'not asked any more');
      }
    }
    return {};
  });
  assert.equal(call('{}', '{}', []).val.length, 1);
  assert.deepEqual(toTheEnd(call, [{}, {}]), { answer: { tag: 'done', val: '{}' }, passes: 4 });
});

test('a failed reply can be caught, and fails the run when it is not', () => {
  const late = () => failed('timeout', 'late');
  const uncaught = calling(() => sdk.http(GET));
  assert.deepEqual(toTheEnd(uncaught, [{}, {}], late).answer, failed('timeout', 'late'));
  const caught = calling(() => {
    try {
      return sdk.http(GET);
    } catch (error) {
      assert(error instanceof sdk.Failed && error instanceof sdk.Problem);
      return { code: error.code };
    }
  });
  assert.deepEqual(toTheEnd(caught, [{}, {}], late).answer, { tag: 'done', val: '{"code":"timeout"}' });
});

test('allSettled tells what became of each', () => {
  const call = calling(() => {
    const [a, b] = sdk.allSettled([sdk.http.effect(GET), sdk.http.effect({ url: 'b' })]);
    return { a: a.status, b: b.status === 'rejected' && b.reason.code };
  });
  const { answer } = toTheEnd(call, [{}, {}], ({ request }) => (request.url === 'b' ? failed('no', '') : ok({})));
  assert.equal(answer.val, '{"a":"fulfilled","b":"no"}');
});

test('a log line stops nothing, is performed at the end and costs one pass', () => {
  const call = calling(() => {
    sdk.log('info', 'before', { n: 1 });
    const { a } = sdk.http(GET);
    sdk.log('warning', 'after');
    return { a };
  });
  const first = call('{}', '{}', []);
  assert.deepEqual(
    first.val.map((/** @type {any} */ each) => each.driver),
    ['log', 'http'],
  );
  assert.deepEqual(JSON.parse(first.val[0].request), { level: 'info', message: 'before', data: { n: 1 } });
  assert.deepEqual(
    toTheEnd(call, [{}, {}], () => ok({ a: 1 })),
    { answer: { tag: 'done', val: '{"a":1}' }, passes: 3 },
  );
});

test('a log line that could not be written changes nothing', () => {
  const call = calling(() => (sdk.log('info', 'x'), {}));
  assert.equal(toTheEnd(call, [{}, {}], () => failed('no', '')).answer.tag, 'done');
});

test('a failure after a log line still has the line written', () => {
  const call = calling(() => {
    sdk.log('error', 'x');
    throw new sdk.Problem('broken', 'no');
  });
  assert.equal(call('{}', '{}', []).tag, 'perform');
  assert.deepEqual(toTheEnd(call, [{}, {}]).answer, failed('broken', 'no'));
});

test('what is not a description is not asked for', () => {
  const call = calling(() => sdk.all(/** @type {any} */ ([{ driver: 'http' }])));
  assert.match(call('{}', '{}', []).val.message, /http\.effect/);
});

test('nothing can be asked for outside of a run', () => {
  assert.throws(() => sdk.http(GET), { code: 'no-effects-here' });
  assert.throws(() => sdk.log('info', ''), { code: 'no-effects-here' });
});

test('any driver can be asked, and secrets are typed nodes', () => {
  const call = calling(() => sdk.ask('kv', { key: sdk.secret('secret://env/K', 'Bearer ') }));
  const { request } = call('{}', '{}', []).val[0];
  assert.equal(request, '{"key":{"$secret":"secret://env/K","prefix":"Bearer "}}');
  assert.deepEqual(sdk.secret('cred://a/b'), { $secret: 'cred://a/b' });
});

test('a reply that is no JSON is a problem of its own', () => {
  const call = calling(() => sdk.http(GET));
  assert.equal(call('{}', '{}', [{ tag: 'ok', val: '{' }]).val.code, 'bad-reply');
});
