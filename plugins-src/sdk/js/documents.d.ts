// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.
//
// A plugin is given what its manifest's `reads` lists and nothing else; the types of what it reads name every member that
// can be there. `NewCaller` and the like are what a plugin may write: what has a default may be left out.

export type ActionKind = "method" | "prompt" | "resource" | "template" | "tool";

export type CallerKind = "anonymous" | "service" | "user" | "workload";

export type CallerTrust = "anonymous" | "asserted" | "verified";

export type CredentialsTransport = "http" | "stdio";

export type HttpMethod = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT";

export type LogLevel = "debug" | "error" | "info" | "warning";

export type NotifyKind = "log" | "progress";

export type NotifyLevel = "alert" | "critical" | "debug" | "emergency" | "error" | "info" | "notice" | "warning";

export type OutcomeStatus = "denied" | "failed" | "ok" | "tool-error" | "unknown";

export type RecordKind = "answered" | "asked" | "event" | "intent" | "outcome" | "refusal";

export type SignAlgorithm = "hmac-sha256" | "hmac-sha512";

export type SignEncoding = "base64" | "base64url" | "hex";

export type SqlMode = "count" | "one" | "rows" | "scalar";

export type StreamFormat = "lines" | "sse";

/** What a caller wants to do. `arguments` and `run` are there only if the manifest reads them. */
export interface Action {
  method: string;
  kind: ActionKind;
  name: string;
  backend: string;
  upstream: string;
  annotations: { [name: string]: any };
  session: string;
  era: string;
  arguments?: { [name: string]: any } | null;
  run?: RunFacts | null;
}

/** Detail of `annotate`: names and texts that the client is shown beside the result. */
export interface Annotate {
  notes: { [name: string]: string };
}

/**
 * Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.
 *
 * The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
 * request that is refused, or answered with an error, ends the run.
 */
export interface Ask {
  requests: { [name: string]: { [name: string]: any } };
  state?: string;
}

/**
 * One request of a server to the client of a call: its asker's key, and what became of it.
 *
 * `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
 * `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
 */
export interface AskTold {
  key: string;
  method: string;
  verdict: string;
  code: string;
  digest: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** A body that stays in the host; a plugin may return it where the body should stand. */
export interface BlobRef {
  "$ref": string;
  size: number;
  sha256: string;
  media: string;
}

/** A body that stays in the host; a plugin may return it where the body should stand. */
export interface NewBlobRef {
  "$ref": string;
  size: number;
  sha256: string;
  media?: string;
}

/**
 * One MCP call as backends and transforms see it. `target` is the backend's own name for what is called.
 *
 * `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
 * transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
 */
export interface Call {
  method: string;
  name: string;
  target: string;
  arguments: { [name: string]: any };
  binding: { [name: string]: any };
  run?: RunFacts | null;
}

/** Who is calling. Never holds a credential. Source: schema `caller`. */
export interface Caller {
  id: string;
  kind: CallerKind;
  how: How;
  trust: CallerTrust;
  issuer: string;
  tenant: string;
  groups: string[];
  roles: string[];
  scopes: string[];
  attributes: { [name: string]: string };
}

/** Who is calling. Never holds a credential. Source: schema `caller`. */
export interface NewCaller {
  id: string;
  kind: CallerKind;
  how: NewHow;
  trust: CallerTrust;
  issuer?: string;
  tenant?: string;
  groups?: string[];
  roles?: string[];
  scopes?: string[];
  attributes?: { [name: string]: string };
}

/** What a backend offers, or what a caller is shown. */
export interface Catalog {
  tools: Tool[];
  prompts: Prompt[];
  resources: Resource[];
  templates: ResourceTemplate[];
}

/** What a backend offers, or what a caller is shown. */
export interface NewCatalog {
  tools?: Tool[];
  prompts?: Prompt[];
  resources?: Resource[];
  templates?: ResourceTemplate[];
}

/** Answer of driver `command`: `status` is the exit status, negative for a signal. */
export interface CommandReply {
  status: number;
  stdout: string | BlobRef;
  stderr: string;
  truncated: boolean;
}

/** Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms. */
export interface CommandRequest {
  argv: string[];
  stdin?: string | NewBlobRef | null;
  timeout?: number;
}

/**
 * A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
 * 1970, 0 for none.
 */
export interface Credential {
  value: string;
  scheme?: string;
  header?: string;
  expires?: number;
}

/** What an identity plugin judges: only headers that its manifest reads, by lower-case name. */
export interface Credentials {
  transport: CredentialsTransport;
  peer: Peer;
  headers: { [name: string]: string };
  run?: RunFacts | null;
}

/** How a caller was established: the identity use (set by the host) and the kind of credential. */
export interface How {
  credential: string;
  plugin: string;
}

/** How a caller was established: the identity use (set by the host) and the kind of credential. */
export interface NewHow {
  credential: string;
  plugin?: string;
}

/** Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`. */
export interface HttpReply {
  status: number;
  headers: { [name: string]: string };
  media: string;
  json?: any;
  body?: string | BlobRef | null;
  body_base64?: string | null;
}

/** Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms. */
export interface HttpRequest {
  method?: HttpMethod;
  url: string;
  headers?: { [name: string]: string | Secret };
  body?: string | NewBlobRef | null;
  body_base64?: string | null;
  json?: any;
  timeout?: number;
  expect?: number[];
  idempotent?: boolean;
  stream?: Stream | null;
}

/** Answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log. */
export interface LogReply {
}

/** Driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only. */
export interface LogRequest {
  level?: LogLevel;
  message: string;
  data?: any;
}

/** Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error. */
export interface McpReply {
  result?: { [name: string]: any } | null;
  error?: { [name: string]: any } | null;
}

/** Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms. */
export interface McpRequest {
  upstream: string;
  method: string;
  params?: { [name: string]: any };
  timeout?: number;
}

/** Answer of driver `notify`: whether it was sent; what comes too fast is dropped. */
export interface NotifyReply {
  sent: boolean;
}

/** Driver `notify`: progress or a log message to the client of this very call. */
export interface NotifyRequest {
  kind: NotifyKind;
  progress?: number;
  total?: number | null;
  message?: string;
  level?: NotifyLevel;
  data?: any;
}

/** How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result). */
export interface Outcome {
  status: OutcomeStatus;
  result?: { [name: string]: any } | null;
  problem: string;
}

/**
 * The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
 * loopback and no forwarding header is present.
 */
export interface Peer {
  address: string;
  local: boolean;
  certificates: string[];
  names: string[];
}

/** A prompt as MCP's prompts/list shows it. */
export interface Prompt {
  name: string;
  title?: string;
  description?: string;
  arguments?: { [name: string]: any }[];
  icons?: { [name: string]: any }[];
  _meta?: { [name: string]: any };
  target?: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/**
 * A record of the ledger: `intent` and `outcome` of a call, a `refusal`, or an `event` of the gateway.
 *
 * Between intent and outcome there are `asked` and `answered` where a server asks the call's client: `round` counts,
 * `how` is `live`, `sealed` or `impossible`, `resumes` names the call that asked, where the client came back with
 * another. `notices` counts the notifications of a call: `progress`, `messages`, `withheld`.
 *
 * `now` is the call's time in ms since 1970. `name` is what the client of the `endpoint` said, `canonical` what
 * policies know it as, if that is another. Refusals of a flood are one record with `counted`, their codes and how many
 * peers there were.
 */
export interface Record {
  kind: RecordKind;
  tenant: string;
  seq: number;
  call: string;
  caller?: RecordedCaller | null;
  method: string;
  name: string;
  endpoint: string;
  canonical: string;
  backend: string;
  target: string;
  version: string;
  arguments: string;
  result: string;
  now: number;
  seed: string;
  stages: StageRun[];
  status: string;
  stage: string;
  code: string;
  message: string;
  peer: string;
  counted: number;
  codes: { [name: string]: number };
  peers: number;
  event: string;
  round: number;
  how: string;
  asks: AskTold[];
  resumes: string;
  notices: { [name: string]: number };
  /** Members that no schema names. */
  [more: string]: any;
}

/** The caller of a record: no attributes, no credential, only what kind of credential it was. */
export interface RecordedCaller {
  id: string;
  kind: string;
  trust: string;
  groups: string[];
  identity: string;
  credential: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** Detail of `redact`: JSON pointers into the result, `*` for every member or item. */
export interface Redact {
  paths: string[];
  replacement?: string;
}

/** A resource as MCP's resources/list shows it. */
export interface Resource {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  size?: number;
  annotations?: { [name: string]: any };
  icons?: { [name: string]: any }[];
  _meta?: { [name: string]: any };
  target?: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** A resource template as MCP's resources/templates/list shows it. */
export interface ResourceTemplate {
  uriTemplate: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  annotations?: { [name: string]: any };
  icons?: { [name: string]: any }[];
  _meta?: { [name: string]: any };
  /** Members that no schema names. */
  [more: string]: any;
}

/** What a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex). */
export interface RunFacts {
  id: string;
  now: number;
  seed: string;
}

/** Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver. */
export interface Secret {
  "$secret": string;
  prefix?: string;
  suffix?: string;
}

/** Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding. */
export interface SignReply {
  signature: string;
}

/**
 * Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
 *
 * `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
 */
export interface SignRequest {
  algorithm?: SignAlgorithm;
  key: Secret;
  derive?: string[];
  text?: string | null;
  text_base64?: string | null;
  encoding?: SignEncoding;
}

/** Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction. */
export interface SqlReply {
  rows?: { [name: string]: any }[];
  row?: { [name: string]: any } | null;
  scalar?: any;
  count?: number;
  truncated: boolean;
  results?: any[];
}

/** Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms. */
export interface SqlRequest {
  connection: string;
  statement?: string;
  parameters?: { [name: string]: any };
  mode?: SqlMode;
  limit?: number;
  timeout?: number;
  transaction?: SqlStep[];
}

/** One statement of a transaction; named parameters (`:name`) only, never text of the statement. */
export interface SqlStep {
  statement: string;
  parameters?: { [name: string]: any };
  mode?: SqlMode;
}

/** One run of a stage: which component under which configuration said what. `us` is microseconds. */
export interface StageRun {
  stage: string;
  use: string;
  verdict: string;
  function: string;
  component: string;
  config: string;
  input: string;
  us: number;
  code: string;
  message: string;
  answer: string;
  effects: string[];
  replies: string;
  memo: boolean;
  shadow: boolean;
  skipped: boolean;
  /** Members that no schema names. */
  [more: string]: any;
}

/**
 * How to read a streamed answer: `sse` events or JSON `lines`, with pointers to progress in each of them.
 *
 * `progress`, `total` and `message` are JSON pointers into an event's data; what they find is sent to the client as
 * progress. `last` keeps only the last event's data, else the reply's json is the list of all.
 */
export interface Stream {
  format?: StreamFormat;
  progress?: string;
  total?: string;
  message?: string;
  last?: boolean;
}

/** A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs. */
export interface Tool {
  name: string;
  inputSchema?: { [name: string]: any };
  title?: string;
  description?: string;
  outputSchema?: { [name: string]: any };
  annotations?: { [name: string]: any };
  icons?: { [name: string]: any }[];
  execution?: { [name: string]: any };
  _meta?: { [name: string]: any };
  target?: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** Every built-in driver by name: what it is asked, and what it replies. */
export interface Drivers {
  command: { request: CommandRequest; reply: CommandReply };
  http: { request: HttpRequest; reply: HttpReply };
  log: { request: LogRequest; reply: LogReply };
  mcp: { request: McpRequest; reply: McpReply };
  notify: { request: NotifyRequest; reply: NotifyReply };
  sign: { request: SignRequest; reply: SignReply };
  sql: { request: SqlRequest; reply: SqlReply };
}
