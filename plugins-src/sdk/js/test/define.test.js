// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as sdk from '../src/index.js';
import { failed } from './asked.js';

/** @param {any} made @param {unknown} [config] @returns {any} */
function configured(made, config = {}) {
  made.lifecycle.configure(JSON.stringify(config));
  return made;
}

/** @param {any} answer @param {RegExp} message */
function isBug(answer, message) {
  assert.equal(answer.tag, 'failed');
  assert.equal(answer.val.code, 'plugin-error');
  assert.match(answer.val.message, message);
}

test('a configuration is refused with exactly a code and a message', () => {
  const bad = sdk.defineSink(() => {
    throw new sdk.Problem('bad-config', 'no\n good');
  });
  assert.throws(
    () => bad.lifecycle.configure('{}'),
    (error) => {
      assert.deepEqual(error, { code: 'bad-config', message: 'no good' });
      return true;
    },
  );
});

test('a plugin that lacks a function is refused, and configure works once', () => {
  const bad = sdk.definePolicy(() => /** @type {any} */ ({ decide() {} }));
  assert.throws(() => bad.lifecycle.configure('{}'), { message: /lacks `see`/ });
  const good = configured(sdk.defineTransform(() => ({})));
  assert.throws(() => good.lifecycle.configure('{}'), { message: /a second time/ });
});

test('what is asked before configure fails', () => {
  isBug(sdk.defineTransform(() => ({})).transform.before('{}', '{}', []), /was not called/);
});

test('identity', () => {
  const { identity } = configured(
    sdk.defineIdentity(() => ({
      identify({ headers }) {
        if (!headers.token) return sdk.abstain();
        if (headers.token === 'bad') return sdk.reject('bad-token', 'no');
        return sdk.caller({ id: headers.token, kind: 'user', how: { credential: 'token' }, trust: 'verified' });
      },
    })),
  );
  const ask = (/** @type {object} */ headers) => identity.identify(JSON.stringify({ headers }), []);
  assert.deepEqual(ask({}), { tag: 'abstain' });
  assert.deepEqual(ask({ token: 'bad' }), { tag: 'reject', val: { code: 'bad-token', message: 'no' } });
  assert.equal(JSON.parse(ask({ token: 'ana' }).val).id, 'ana');
});

test('policy', () => {
  const { policy } = configured(
    sdk.definePolicy(() => ({
      decide: (_, { name }) =>
        name === 'a' ? sdk.permit(sdk.obligation('redact', { paths: ['/b'] })) : sdk.deny('no', `not \`${name}\``),
      see: (_, actions) => actions.map((/** @type {any} */ { name }) => name),
    })),
  );
  const permitted = { tag: 'permit', val: [{ kind: 'redact', detail: '{"paths":["/b"]}' }] };
  assert.deepEqual(policy.decide('{}', '{"name":"a"}', []), permitted);
  assert.deepEqual(policy.decide('{}', '{"name":"b"}', []), { tag: 'deny', val: { code: 'no', message: 'not `b`' } });
  assert.deepEqual(policy.see('{}', '[{"name":"p"},{"name":"d"}]', []), { tag: 'seen', val: 'pd' });
  isBug(policy.see('{}', '[{"name":"x"}]', []), /return a list of 'p', 'd' and 'a'/);
});

test('limit: numbers that the engine would cut are refused', () => {
  /** @param {any} cost */
  const costs = (cost) => {
    const one = () => [sdk.charge({ account: ['a'], cost, capacity: 1 })];
    return configured(sdk.defineLimit(() => ({ reserve: one, settle: one }))).limit;
  };
  const charge = { account: ['a'], cost: 1, capacity: 1, refill: 0, window: 0 };
  assert.deepEqual(costs(1).reserve('{}', '{}'), { tag: 'charge', val: [charge] });
  assert.deepEqual(costs(1).settle('{}', '{}', '{}'), [charge]);
  for (const bad of [1.5, -1, 2 ** 53, NaN, 1n, '1', undefined]) {
    isBug(costs(bad).reserve('{}', '{}'), /whole number/);
    assert.throws(() => costs(bad).settle('{}', '{}', '{}'), { code: 'plugin-error' });
  }
  const plain = sdk.defineLimit(() => ({ reserve: () => [{ account: [], cost: 0.5, capacity: 1 }], settle: () => [] }));
  isBug(configured(plain).limit.reserve('{}', '{}'), /`cost`/);
});

test('limit: nothing can be asked for, and a problem is no trap', () => {
  const ask = () => sdk.http({ url: '' });
  const { limit } = configured(sdk.defineLimit(() => ({ reserve: /** @type {any} */ (ask), settle: () => ask() })));
  assert.equal(limit.reserve('{}', '{}').val.code, 'no-effects-here');
  assert.throws(
    () => limit.settle('{}', '{}', '{}'),
    (/** @type {any} */ error) => !(error instanceof Error),
  );
});

test('transform: what is left out changes nothing', () => {
  const { transform } = configured(sdk.defineTransform(() => ({ after: (_, call) => sdk.changed(call) })));
  assert.deepEqual(transform.before('{}', '{}', []), { tag: 'unchanged' });
  assert.deepEqual(transform.after('{}', '{"a":1}', '{}', []), { tag: 'changed', val: '{"a":1}' });
});

test('a forgotten return, a foreign answer and a promise are bugs, not answers', () => {
  const made = (/** @type {() => any} */ before) => configured(sdk.defineTransform(() => ({ before }))).transform;
  isBug(made(() => undefined).before('{}', '{}', []), /returned undefined: return unchanged\(\)/);
  isBug(made(() => sdk.permit()).before('{}', '{}', []), /returned `permit`/);
  isBug(made(async () => sdk.unchanged()).before('{}', '{}', []), /leave async out/);
});

test('backend', () => {
  const call = () => sdk.askClient({ requests: { a: { method: 'elicitation/create' } } });
  const { backend } = configured(sdk.defineBackend(() => ({ describe: () => ({ tools: [] }), call })));
  assert.deepEqual(backend.describe([]), { tag: 'catalog', val: '{"tools":[]}' });
  assert.equal(backend.call('{}', '{}', []).tag, 'ask');
});

test('catalog', () => {
  const shape = (/** @type {any} */ _, /** @type {any} */ given) => given;
  assert.equal(configured(sdk.defineCatalog(() => ({ shape }))).catalog.shape('{}', '{"tools":[]}'), '{"tools":[]}');
  const none = configured(sdk.defineCatalog(() => ({ shape: /** @type {any} */ (() => null) }))).catalog;
  assert.throws(() => none.shape('{}', '{}'), { code: 'plugin-error', message: /not null/ });
});

test('credential: the target is text, not JSON', () => {
  const { credential } = configured(
    sdk.defineCredential(() => ({ issueFor: (_, target) => sdk.issued({ value: target, expires: 5 }) })),
  );
  assert.deepEqual(credential.issueFor('{}', '"x', []), { tag: 'issued', val: '{"value":"\\"x","expires":5}' });
});

test('sink', () => {
  const deliver = (/** @type {any[]} */ batch) => (batch.length ? sdk.delivered() : sdk.retry('busy', 'later'));
  const { sink } = configured(sdk.defineSink(() => ({ deliver })));
  assert.deepEqual(sink.deliver('[{}]', []), { tag: 'delivered' });
  assert.deepEqual(sink.deliver('[]', []), { tag: 'retry', val: { code: 'busy', message: 'later' } });
});

test('failed can be returned as well as thrown', () => {
  const { transform } = configured(sdk.defineTransform(() => ({ before: () => sdk.failed('no', 'idea') })));
  assert.deepEqual(transform.before('{}', '{}', []), failed('no', 'idea'));
});

test('a bug says what and where', () => {
  const before = () => /** @type {any} */ (null).x;
  const { transform } = configured(sdk.defineTransform(() => ({ before })));
  isBug(transform.before('{}', '{}', []), /^TypeError: .* \(define\.test\.js:\d+\)$/);
});

test('whatever is thrown, a code and a message leave', () => {
  const cyclic = /** @type {any} */ ({});
  cyclic.self = cyclic;
  for (const thrown of ['text', 5, null, undefined, { code: 1 }, cyclic, Symbol('s')]) {
    const before = () => {
      throw thrown;
    };
    const { val } = configured(sdk.defineTransform(() => ({ before }))).transform.before('{}', '{}', []);
    assert.deepEqual(Object.keys(val), ['code', 'message']);
    assert.match(val.message, /^thrown: /);
  }
});

test("a problem's code is words, and its message one short line of Unicode", () => {
  assert.throws(() => new sdk.Problem('Not Good', ''), TypeError);
  assert.equal(new sdk.Problem('a-b2', `x\n\ty \ud800${'z'.repeat(1000)}`).message.length, 501);
  assert(new sdk.Problem('a', '\ud800').message.isWellFormed());
});

test('an error of any make is a failure, not a trap', () => {
  const made = (/** @type {() => never} */ before) => configured(sdk.defineTransform(() => ({ before }))).transform;
  const thrown = [
    Object.assign(new Error('x'), { message: Symbol('x') }),
    Object.assign(new sdk.Problem('a-b', 'x'), { code: 404 }),
    Object.assign(new sdk.Problem('a-b', 'x'), { message: { a: 1 } }),
    new Proxy(new Error('x'), { get: () => assert.fail('looked at') }),
    new Proxy({}, { getPrototypeOf: () => assert.fail('looked at') }),
  ];
  for (const error of thrown) {
    const { tag, val } = made(() => {
      throw error;
    }).before('{}', '{}', []);
    assert.equal(tag, 'failed');
    assert.deepEqual([typeof val.code, typeof val.message], ['string', 'string']);
  }
});

test('an obligation that obligation() did not make is a bug', () => {
  for (const given of ['redact', { kind: 'redact', detail: { paths: [] } }, [sdk.obligation('redact')], null]) {
    const decide = () => sdk.permit(/** @type {any} */ (given));
    const { policy } = configured(sdk.definePolicy(() => ({ decide, see: () => [] })));
    isBug(policy.decide('{}', '{}', []), /obligation\(kind, detail\)/);
  }
});
