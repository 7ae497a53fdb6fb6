/** Types of `@mcpg/sdk`. The documents are generated from the contract: see `documents.d.ts`. */

import type {
  Action,
  Ask,
  Call,
  Caller,
  Catalog,
  Credential,
  Credentials,
  Drivers,
  LogLevel,
  NewCaller,
  NewCatalog,
  Outcome,
  Record as LedgerRecord,
  Secret,
} from './documents.js';

export type * from './documents.js';
export type { LedgerRecord };

/** A value of JSON as it is read: whole numbers that no `number` can hold are `bigint`. */
export type Json = null | boolean | number | bigint | string | Json[] | { [name: string]: Json };

/** Why something did not work: a code (words in lower case with `-` between them) and one line for a person. */
export class Problem extends Error {
  constructor(code: string, message: string);
  readonly code: string;
}

/** A failed reply: an effect did not work. Catch it to go on without. */
export class Failed extends Problem {
  constructor(reply: { code: string; message: string });
}

/** The description of something to ask for, for `all`. */
export class Effect<Reply = any> {
  constructor(driver: string, request: unknown);
  readonly driver: string;
  readonly request: string;
  /** Only there to tell types apart. */
  readonly reply?: Reply;
}

/** A driver: called, it asks for one effect and returns the reply; `effect` only describes it. Throws `Failed`. */
export interface Driver<Request, Reply> {
  (request: Request): Reply;
  effect(request: Request): Effect<Reply>;
}

type DriverOf<Name extends keyof Drivers> = Driver<Drivers[Name]['request'], Drivers[Name]['reply']>;
type Replies<Effects extends readonly Effect[]> = {
  -readonly [I in keyof Effects]: Effects[I] extends Effect<infer Reply> ? Reply : never;
};
type Settled<Reply> = { status: 'fulfilled'; value: Reply } | { status: 'rejected'; reason: Failed };
type AllSettled<Effects extends readonly Effect[]> = {
  -readonly [I in keyof Effects]: Effects[I] extends Effect<infer Reply> ? Settled<Reply> : never;
};

/** Asks for an HTTP request. */
export const http: DriverOf<'http'>;
/** Asks for an SQL statement or a transaction. */
export const sql: DriverOf<'sql'>;
/** Asks for a program to be run. */
export const command: DriverOf<'command'>;
/** Asks an MCP server. */
export const mcp: DriverOf<'mcp'>;
/** Tells the client of this call how far it has come. */
export const notify: DriverOf<'notify'>;
/** Asks for an HMAC under a key that no plugin sees. */
export const sign: DriverOf<'sign'>;

/** Asks for several effects at once and returns their replies; throws the first that failed. */
export function all<const Effects extends readonly Effect[]>(effects: Effects): Replies<Effects>;
/** Asks for several effects at once and tells what became of each. */
export function allSettled<const Effects extends readonly Effect[]>(effects: Effects): AllSettled<Effects>;
/** Asks any driver. */
export function ask(driver: string, request: unknown): any;
/** Writes a line into the gateway's log; the run goes on as if nothing had been asked. */
export function log(level: LogLevel, message: string, data?: unknown): void;
/** A secret by reference, where a driver takes one. No plugin ever sees the value. */
export function secret(reference: string, prefix?: string, suffix?: string): Secret;

/** One answer of a plugin, made by the functions below. */
export interface Answer<Tag extends string> {
  readonly tag: Tag;
}
export interface Obligation {
  kind: string;
  detail: string;
}
/** What to take from one account, in millionths; `window` in seconds. Whole numbers from 0 to 2^53 - 1. */
export interface Charge {
  account: string[];
  cost: number;
  capacity: number;
  refill?: number;
  window?: number;
}

export function deny(code: string, message: string): Answer<'deny'>;
export function failed(code: string, message: string): Answer<'failed'>;
export function reject(code: string, message: string): Answer<'reject'>;
export function retry(code: string, message: string): Answer<'retry'>;
export function abstain(): Answer<'abstain'>;
export function caller(found: NewCaller): Answer<'caller'>;
export function obligation(kind: string, detail?: object): Obligation;
export function permit(...obligations: Obligation[]): Answer<'permit'>;
export function unchanged(): Answer<'unchanged'>;
export function changed(document: object): Answer<'changed'>;
export function done(result: object): Answer<'done'>;
export function askClient(questions: Ask): Answer<'ask'>;
export function issued(credential: Credential): Answer<'issued'>;
export function delivered(): Answer<'delivered'>;
export function charge(given: Charge): Required<Charge>;

export interface ToolResult {
  content: object[];
  isError?: boolean;
  structuredContent?: unknown;
}
/** A result with one text. */
export function textResult(text: unknown): ToolResult;
/** A result that tells the caller of an error. */
export function errorResult(text: unknown): ToolResult;
/** A result with a value: as text, and as structured content too if it is an object. */
export function jsonResult(value: unknown): ToolResult;

type Failing = Answer<'failed'>;

export interface Identity {
  identify(request: Credentials): Answer<'caller' | 'abstain' | 'reject'> | Failing;
}
export interface Policy {
  decide(caller: Caller, action: Action): Answer<'permit' | 'deny' | 'abstain'> | Failing;
  /** One letter for each action: `p` some arguments would be permitted, `d` none would, `a` no rule of mine. */
  see(caller: Caller, actions: Action[]): string | ('p' | 'd' | 'a')[] | Failing;
}
export interface Limit {
  reserve(caller: Caller, action: Action): Charge[] | Answer<'deny'> | Failing;
  settle(caller: Caller, action: Action, outcome: Outcome): Charge[];
}
export interface Transform {
  /** What it changes are the arguments. Left out: unchanged. */
  before?(caller: Caller, call: Call): Answer<'unchanged' | 'changed' | 'deny'> | Failing;
  /** What it changes is the result. Left out: unchanged. */
  after?(caller: Caller, call: Call, outcome: Outcome): Answer<'unchanged' | 'changed' | 'deny'> | Failing;
}
export interface Backend {
  describe(): NewCatalog | Failing;
  call(caller: Caller, call: Call): object;
}
export interface CatalogShaper {
  shape(caller: Caller, catalog: Catalog): NewCatalog;
}
export interface CredentialIssuer {
  issueFor(caller: Caller, target: string): Answer<'issued' | 'deny'> | Failing;
}
export interface Sink {
  deliver(batch: LedgerRecord[]): Answer<'delivered' | 'retry'> | Failing;
}

interface Lifecycle {
  configure(config: string): void;
}
/** The exports of a component: the contract's functions, which only the host calls. */
type Exports<Kind extends string> = { lifecycle: Lifecycle } & {
  [K in Kind]: { [name: string]: (...given: any[]) => any };
};

export function defineIdentity<Config = any>(create: (config: Config) => Identity): Exports<'identity'>;
export function definePolicy<Config = any>(create: (config: Config) => Policy): Exports<'policy'>;
export function defineLimit<Config = any>(create: (config: Config) => Limit): Exports<'limit'>;
export function defineTransform<Config = any>(create: (config: Config) => Transform): Exports<'transform'>;
export function defineBackend<Config = any>(create: (config: Config) => Backend): Exports<'backend'>;
export function defineCatalog<Config = any>(create: (config: Config) => CatalogShaper): Exports<'catalog'>;
export function defineCredential<Config = any>(create: (config: Config) => CredentialIssuer): Exports<'credential'>;
export function defineSink<Config = any>(create: (config: Config) => Sink): Exports<'sink'>;

/** JSON without loss: whole numbers that no `number` can hold are read as `bigint`. */
export function parse(text: string): any;
export function stringify(value: unknown): string;

export function utf8Encode(text: string): Uint8Array;
export function utf8Decode(bytes: Uint8Array): string;
export function utf8Length(text: string): number;
export function toBase64(given: Uint8Array | string): string;
export function fromBase64(text: string): Uint8Array;
/** Everything but letters, digits and `-._~` is encoded. */
export function percentEncode(text: string): string;
/** The same for one segment of a path; nothing, `.` and `..` are a problem. */
export function pathSegment(text: string): string;
export function query(values: { [name: string]: unknown }): string;
