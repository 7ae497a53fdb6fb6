// @ts-check
/**
 * Makes the exports of a component from an author's functions, one `define...` for each kind.
 *
 * Documents are read and answers written here; whatever an author returns or throws, what leaves has the shape that the
 * contract says, because anything else would cost the instance.
 */

import { Answer, charges, done } from './answers.js';
import { parse, stringify } from './json.js';
import { problemOf } from './trace.js';
import { makePass } from './run.js';
import { begin } from './surroundings.js';

/**
 * @typedef {{tag: string, val?: any}} Given
 * @typedef {Record<string, (...documents: any[]) => any>} Plugin
 * @typedef {(config: any) => Plugin} Create
 * @typedef {{name: string, tags: string[], hint: string, read?: ((text: string) => any)[],
 *   missing?: (...documents: any[]) => any, wrap?: (value: any) => unknown}} Asked
 */

/** @param {unknown} error @returns {Given} */
const failure = (error) => ({ tag: 'failed', val: problemOf(error) });

/** @param {string} text @returns {string} */
const asIs = (text) => text;

/** @param {any} value */
function shown(value) {
  if (value === null) return 'null';
  return value instanceof Answer ? `\`${value.tag}\`` : typeof value;
}

/**
 * The answer that an author gave, if it is one that the function may give.
 *
 * @param {Asked} asked @param {unknown} value @returns {Given}
 */
function checked({ name, tags, hint, wrap }, value) {
  if (value instanceof Promise) {
    throw new TypeError(`\`${name}\` returned a promise: effects return their replies at once, so leave async out`);
  }
  const answer = value instanceof Answer ? value : wrap?.(value);
  if (!(answer instanceof Answer) || !tags.includes(answer.tag)) {
    throw new TypeError(`\`${name}\` returned ${shown(value)}: return ${hint}`);
  }
  return answer.val === undefined ? { tag: answer.tag } : { tag: answer.tag, val: answer.val };
}

/** Reads the documents of a question and tells what is known of the run. @param {Asked} asked @param {string[]} texts */
function read({ read: readers = [] }, texts) {
  const documents = texts.map((text, i) => (readers[i] ?? parse)(text));
  begin(documents.flat().find((each) => each?.run)?.run);
  return documents;
}

/**
 * The plugin of this instance, made by `configure`, once.
 *
 * @param {string} kind @param {Create} create @param {string[]} names functions that it must have
 */
function configured(kind, create, names) {
  /** @type {Plugin | undefined} */
  let plugin;
  /** @param {string} config */
  const configure = (config) => {
    begin(undefined);
    try {
      if (plugin) throw new TypeError('`configure` was called a second time');
      const made = create(parse(config));
      const lacks = names.filter((name) => typeof made?.[name] !== 'function');
      if (lacks.length) throw new TypeError(`this ${kind} plugin lacks \`${lacks.join('`, `')}\``);
      plugin = made;
    } catch (error) {
      throw problemOf(error);
    }
  };
  const get = () => {
    if (!plugin) throw new TypeError('`configure` was not called');
    return plugin;
  };
  return { lifecycle: { configure }, get };
}

/**
 * A function that gets replies and may ask for effects.
 *
 * @param {() => Plugin} get @param {Asked} asked
 */
function asking(get, asked) {
  return (/** @type {any[]} */ ...given) => {
    const replies = given.pop();
    const body = () => {
      const documents = read(asked, given);
      const plugin = get();
      const value = asked.missing && !plugin[asked.name] ? asked.missing() : plugin[asked.name](...documents);
      return checked(asked, value);
    };
    return makePass(replies, body, failure);
  };
}

/**
 * A function of a result, which gets no replies.
 *
 * @param {() => Plugin} get @param {Asked} asked @param {(value: any) => any} write
 */
function plain(get, asked, write) {
  return (/** @type {string[]} */ ...given) => {
    try {
      const value = get()[asked.name](...read(asked, given));
      if (value instanceof Promise) throw new TypeError(`\`${asked.name}\` returned a promise: leave async out`);
      return write(value);
    } catch (error) {
      throw problemOf(error);
    }
  };
}

/** @param {unknown} value */
const isDocument = (value) => typeof value === 'object' && value !== null;

/** @param {string} what @returns {(value: unknown) => string} */
const document = (what) => (value) => {
  if (!isDocument(value)) throw new TypeError(`${what}, not ${value === null ? 'null' : typeof value}`);
  return stringify(value);
};

/** @param {Create} create */
export function defineIdentity(create) {
  const { lifecycle, get } = configured('identity', create, ['identify']);
  const tags = ['caller', 'abstain', 'reject', 'failed'];
  const hint = 'caller({...}), abstain() or reject(code, message)';
  return { lifecycle, identity: { identify: asking(get, { name: 'identify', tags, hint }) } };
}

/** @param {unknown} value */
const letters = (value) => {
  const text = Array.isArray(value) ? value.join('') : value;
  return typeof text === 'string' && /^[pda]*$/.test(text) ? new Answer('seen', text) : undefined;
};

/** @param {Create} create */
export function definePolicy(create) {
  const { lifecycle, get } = configured('policy', create, ['decide', 'see']);
  const decide = {
    name: 'decide',
    tags: ['permit', 'deny', 'abstain', 'failed'],
    hint: 'permit(), deny(code, message) or abstain()',
  };
  const see = { name: 'see', tags: ['seen', 'failed'], hint: "a list of 'p', 'd' and 'a'", wrap: letters };
  return { lifecycle, policy: { decide: asking(get, decide), see: asking(get, see) } };
}

/** @param {Create} create */
export function defineLimit(create) {
  const { lifecycle, get } = configured('limit', create, ['reserve', 'settle']);
  const tags = ['charge', 'deny', 'failed'];
  const hint = 'a list of charge({...}), or deny(code, message)';
  const wrap = (/** @type {unknown} */ value) => Array.isArray(value) && new Answer('charge', charges(value));
  const asked = { name: 'reserve', tags, hint, wrap };
  const reserve = (/** @type {string[]} */ ...given) => {
    try {
      return checked(asked, get().reserve(...read(asked, given)));
    } catch (error) {
      return failure(error);
    }
  };
  const settle = plain(get, { name: 'settle', tags: [], hint: '' }, charges);
  return { lifecycle, limit: { reserve, settle } };
}

/** @param {Create} create */
export function defineTransform(create) {
  const { lifecycle, get } = configured('transform', create, []);
  const tags = ['unchanged', 'changed', 'deny', 'failed'];
  const hint = 'unchanged(), changed({...}) or deny(code, message)';
  const missing = () => new Answer('unchanged');
  const [before, after] = ['before', 'after'].map((name) => asking(get, { name, tags, hint, missing }));
  return { lifecycle, transform: { before, after } };
}

/** @param {Create} create */
export function defineBackend(create) {
  const { lifecycle, get } = configured('backend', create, ['describe', 'call']);
  const wrap = (/** @type {unknown} */ value) => isDocument(value) && new Answer('catalog', stringify(value));
  const describe = { name: 'describe', tags: ['catalog', 'failed'], hint: 'a catalog such as {tools: []}', wrap };
  const call = {
    name: 'call',
    tags: ['done', 'ask', 'failed'],
    hint: 'a result such as textResult(text), or askClient({...})',
    wrap: (/** @type {unknown} */ value) => isDocument(value) && done(value),
  };
  return { lifecycle, backend: { describe: asking(get, describe), call: asking(get, call) } };
}

/** @param {Create} create */
export function defineCatalog(create) {
  const { lifecycle, get } = configured('catalog', create, ['shape']);
  const shape = plain(get, { name: 'shape', tags: [], hint: '' }, document('`shape` returns a catalog'));
  return { lifecycle, catalog: { shape } };
}

/** @param {Create} create */
export function defineCredential(create) {
  const { lifecycle, get } = configured('credential', create, ['issueFor']);
  const tags = ['issued', 'deny', 'failed'];
  const hint = 'issued({...}) or deny(code, message)';
  const asked = { name: 'issueFor', tags, hint, read: [parse, asIs] };
  return { lifecycle, credential: { issueFor: asking(get, asked) } };
}

/** @param {Create} create */
export function defineSink(create) {
  const { lifecycle, get } = configured('sink', create, ['deliver']);
  const asked = {
    name: 'deliver',
    tags: ['delivered', 'retry', 'failed'],
    hint: 'delivered() or retry(code, message)',
  };
  return { lifecycle, sink: { deliver: asking(get, asked) } };
}
