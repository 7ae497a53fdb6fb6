// @ts-check
/** Everything that a plugin may import from `@mcpg/sdk`. */

import './surroundings.js';

export {
  abstain,
  askClient,
  caller,
  changed,
  charge,
  delivered,
  deny,
  done,
  failed,
  issued,
  obligation,
  permit,
  reject,
  retry,
  unchanged,
} from './answers.js';
export {
  defineBackend,
  defineCatalog,
  defineCredential,
  defineIdentity,
  defineLimit,
  definePolicy,
  defineSink,
  defineTransform,
} from './define.js';
export { command, http, log, mcp, notify, secret, sign, sql } from './drivers.js';
export {
  fromBase64,
  pathSegment,
  percentEncode,
  query,
  toBase64,
  utf8Decode,
  utf8Encode,
  utf8Length,
} from './encoding.js';
export { parse, stringify } from './json.js';
export { Failed, Problem } from './problem.js';
export { errorResult, jsonResult, textResult } from './results.js';
export { all, allSettled, ask, Effect } from './run.js';
