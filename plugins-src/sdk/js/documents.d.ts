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
  /** the MCP method, such as `tools/call` */
  method: string;
  /** what is acted on */
  kind: ActionKind;
  /** the name of the tool or prompt, or the URI of the resource */
  name: string;
  /** the operator's name for the backend that will fulfil it */
  backend: string;
  /** the operator's name for the MCP server behind it; empty if there is none */
  upstream: string;
  /** the tool's annotations as its server gives them: hints, not facts */
  annotations: { [name: string]: any };
  /** the id of the client's session; empty where there is none */
  session: string;
  /** the revision of MCP that the client speaks, such as `2025-11-25` */
  era: string;
  /** the call's arguments; null before there are any */
  arguments?: { [name: string]: any } | null;
  /** facts of this run */
  run?: RunFacts | null;
}

/** Detail of `annotate`: names and texts that the client is shown beside the result. */
export interface Annotate {
  /** texts by name */
  notes: { [name: string]: string };
}

/**
 * Input that only the MCP client can give: requests by key, as MCP's `inputRequests` has them.
 *
 * The reply holds the results by key, as `inputResponses` has them. What policy refuses is a declined form; any other
 * request that is refused, or answered with an error, ends the run.
 */
export interface Ask {
  /** MCP requests to the client, by a key of your own; each has `method` and `params` */
  requests: { [name: string]: { [name: string]: any } };
  /** a text of your own that comes back with the results */
  state?: string;
}

/**
 * One request of a server to the client of a call: its asker's key, and what became of it.
 *
 * `verdict` is `asked` or `refused` (by policy, under `code`) in an `asked` record; `answered`, `error`, `invalid` or
 * `timeout` in an `answered` one. `digest` is that of the request as it was shown, or of the response as it counts.
 */
export interface AskTold {
  /** the asker's key for it */
  key: string;
  /** the MCP method that was asked */
  method: string;
  /** what became of it */
  verdict: string;
  /** why, where it was refused */
  code: string;
  /** digest under the tenant's key (`hmac-sha256:HEX`), or empty */
  digest: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** A body that stays in the host; a plugin may return it where the body should stand. */
export interface BlobRef {
  /** its name in this run */
  "$ref": string;
  /** its size in bytes */
  size: number;
  /** its digest in hexadecimal digits */
  sha256: string;
  /** its media type */
  media: string;
}

/** A body that stays in the host; a plugin may return it where the body should stand. */
export interface NewBlobRef {
  /** its name in this run */
  "$ref": string;
  /** its size in bytes */
  size: number;
  /** its digest in hexadecimal digits */
  sha256: string;
  /** its media type */
  media?: string;
}

/**
 * One MCP call as backends and transforms see it. `target` is the backend's own name for what is called.
 *
 * `arguments` of `completion/complete` are MCP's parameters `ref` (its `type` only), `argument` and `context`; a
 * transform sees answers of the client to what a server asks as calls of that method, with the answer as arguments.
 */
export interface Call {
  /** the MCP method, such as `tools/call` */
  method: string;
  /** the name that the client said: tool, prompt or resource URI */
  name: string;
  /** the backend's own name for it; empty if it is the same */
  target: string;
  /** the arguments of the call */
  arguments: { [name: string]: any };
  /** what the operator wrote under the tool for this backend */
  binding: { [name: string]: any };
  /** facts of this run */
  run?: RunFacts | null;
}

/** Who is calling. Never holds a credential. Source: schema `caller`. */
export interface Caller {
  /** who it is, as the identity plugin knows him */
  id: string;
  /** what kind of caller */
  kind: CallerKind;
  /** how he was established */
  how: How;
  /** how far the id is proven */
  trust: CallerTrust;
  /** who vouches for the id; empty if nobody else does */
  issuer: string;
  /** the tenant that he belongs to */
  tenant: string;
  /** his groups */
  groups: string[];
  /** his roles */
  roles: string[];
  /** what his credential is good for */
  scopes: string[];
  /** further facts, by name */
  attributes: { [name: string]: string };
}

/** Who is calling. Never holds a credential. Source: schema `caller`. */
export interface NewCaller {
  /** who it is, as the identity plugin knows him */
  id: string;
  /** what kind of caller */
  kind: CallerKind;
  /** how he was established */
  how: NewHow;
  /** how far the id is proven */
  trust: CallerTrust;
  /** who vouches for the id; empty if nobody else does */
  issuer?: string;
  /** the tenant that he belongs to */
  tenant?: string;
  /** his groups */
  groups?: string[];
  /** his roles */
  roles?: string[];
  /** what his credential is good for */
  scopes?: string[];
  /** further facts, by name */
  attributes?: { [name: string]: string };
}

/** What a backend offers, or what a caller is shown. */
export interface Catalog {
  /** tools, as MCP lists them */
  tools: Tool[];
  /** prompts, as MCP lists them */
  prompts: Prompt[];
  /** resources, as MCP lists them */
  resources: Resource[];
  /** resource templates, as MCP lists them */
  templates: ResourceTemplate[];
}

/** What a backend offers, or what a caller is shown. */
export interface NewCatalog {
  /** tools, as MCP lists them */
  tools?: Tool[];
  /** prompts, as MCP lists them */
  prompts?: Prompt[];
  /** resources, as MCP lists them */
  resources?: Resource[];
  /** resource templates, as MCP lists them */
  templates?: ResourceTemplate[];
}

/** Answer of driver `command`: `status` is the exit status, negative for a signal. */
export interface CommandReply {
  /** the exit status, negative for a signal */
  status: number;
  /** what it wrote: a text, or the `$ref` of a body that stays in the host */
  stdout: string | BlobRef;
  /** the end of what it complained, 16 KiB at most */
  stderr: string;
  /** whether output was cut */
  truncated: boolean;
}

/** Driver `command`: `argv[0]` is a path that the grant names. No shell. `timeout` in ms. */
export interface CommandRequest {
  /** the program's absolute path, then its arguments */
  argv: string[];
  /** what it reads: a text, or the `$ref` of a body that stays in the host */
  stdin?: string | NewBlobRef | null;
  /** ms that it may run */
  timeout?: number;
}

/**
 * A credential for the host's vault: the value never reaches a plugin other than its issuer. `expires` is ms since
 * 1970, 0 for none.
 */
export interface Credential {
  /** the secret itself; nobody but the host's vault is given it */
  value: string;
  /** what stands before it in the header; empty for nothing */
  scheme?: string;
  /** the header that it is for, in lower case */
  header?: string;
  /** when it ends, in ms since 1970; 0 for never */
  expires?: number;
}

/** What an identity plugin judges: only headers that its manifest reads, by lower-case name. */
export interface Credentials {
  /** how the client reached the gateway */
  transport: CredentialsTransport;
  /** the other end of the connection */
  peer: Peer;
  /** the headers that the manifest reads, by lower-case name */
  headers: { [name: string]: string };
  /** facts of this run */
  run?: RunFacts | null;
}

/** How a caller was established: the identity use (set by the host) and the kind of credential. */
export interface How {
  /** the kind of credential, such as `api-key` */
  credential: string;
  /** the operator's name for the identity plugin; the host sets it */
  plugin: string;
}

/** How a caller was established: the identity use (set by the host) and the kind of credential. */
export interface NewHow {
  /** the kind of credential, such as `api-key` */
  credential: string;
  /** the operator's name for the identity plugin; the host sets it */
  plugin?: string;
}

/** Answer of driver `http`: `json` when the media type is JSON, `body` for other text, else `body_base64`. */
export interface HttpReply {
  /** the HTTP status; any status is a reply, unless `expect` says otherwise */
  status: number;
  /** headers by lower-case name */
  headers: { [name: string]: string };
  /** the media type without its parameters */
  media: string;
  /** the body, where it is JSON */
  json?: any;
  /** the body, where it is other text: a text, or the `$ref` of a body that stays in the host */
  body?: string | BlobRef | null;
  /** the body, where it is neither */
  body_base64?: string | null;
}

/** Driver `http`. Exactly one of `body` (text), `body_base64` and `json` at most. `timeout` in ms. */
export interface HttpRequest {
  /** the HTTP method */
  method?: HttpMethod;
  /** the absolute URL; encode what you put into it */
  url: string;
  /** headers by name; a value may be a secret by reference */
  headers?: { [name: string]: string | Secret };
  /** what is sent: a text, or the `$ref` of a body that stays in the host */
  body?: string | NewBlobRef | null;
  /** bytes to send */
  body_base64?: string | null;
  /** a value to send as JSON */
  json?: any;
  /** ms that it may take, connecting included */
  timeout?: number;
  /** statuses that are replies; any other fails the effect with `unexpected-status` */
  expect?: number[];
  /** whether it may be sent again under one idempotency key when its fate is unknown */
  idempotent?: boolean;
  /** how to read an answer that comes in pieces */
  stream?: Stream | null;
}

/** Answer of driver `log`: nothing, also for a line that was dropped, so that no answer depends on the log. */
export interface LogReply {
}

/** Driver `log`: one line of the gateway's own log, for its operator; `data` stands in JSON logs only. */
export interface LogRequest {
  /** how urgent it is */
  level?: LogLevel;
  /** one line; what is not printable is replaced */
  message: string;
  /** facts beside it, 16 KiB and 16 levels at most */
  data?: any;
}

/** Answer of driver `mcp`: the MCP result (or its `$ref` node), or the upstream's JSON-RPC error. */
export interface McpReply {
  /** the MCP result */
  result?: { [name: string]: any } | null;
  /** the upstream's JSON-RPC error */
  error?: { [name: string]: any } | null;
}

/** Driver `mcp`: one MCP request to an upstream by name. `timeout` in ms. */
export interface McpRequest {
  /** the operator's name for the MCP server */
  upstream: string;
  /** the MCP method */
  method: string;
  /** its parameters */
  params?: { [name: string]: any };
  /** ms that it may take */
  timeout?: number;
}

/** Answer of driver `notify`: whether it was sent; what comes too fast is dropped. */
export interface NotifyReply {
  /** whether it was sent */
  sent: boolean;
}

/** Driver `notify`: progress or a log message to the client of this very call. */
export interface NotifyRequest {
  /** what is told */
  kind: NotifyKind;
  /** how far it is; more each time */
  progress?: number;
  /** where it ends, if that is known */
  total?: number | null;
  /** one line for people */
  message?: string;
  /** how urgent a log message is */
  level?: NotifyLevel;
  /** what a log message says, in place of `message` */
  data?: any;
}

/** How a call ended: `ok` (the result), `tool-error` (a result with isError), `failed` or `unknown` (no result). */
export interface Outcome {
  /** how it ended */
  status: OutcomeStatus;
  /** the MCP result; null if there is none */
  result?: { [name: string]: any } | null;
  /** why there is no result, in one line */
  problem: string;
}

/**
 * The other end of the connection. `local` is true only if the listener is bound to loopback, the Host header names
 * loopback and no forwarding header is present.
 */
export interface Peer {
  /** its IP address */
  address: string;
  /** whether it is this machine, as far as that can be known */
  local: boolean;
  /** its TLS certificates in PEM, its own first */
  certificates: string[];
  /** subject names of its certificate that the host verified */
  names: string[];
}

/** A prompt as MCP's prompts/list shows it. */
export interface Prompt {
  /** its name */
  name: string;
  /** what people are shown in place of the name */
  title?: string;
  /** what it is for, in words for people and models */
  description?: string;
  /** what it takes, as MCP has it */
  arguments?: { [name: string]: any }[];
  /** icons as MCP has them */
  icons?: { [name: string]: any }[];
  /** MCP's own extension point, as it came */
  _meta?: { [name: string]: any };
  /** the backend's own name, where it is another */
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
  /** what is recorded */
  kind: RecordKind;
  /** whose chain it stands in */
  tenant: string;
  /** its number in that chain */
  seq: number;
  /** the id of the call, for `mcpg explain` */
  call: string;
  /** who called */
  caller?: RecordedCaller | null;
  /** the MCP method */
  method: string;
  /** what the client said */
  name: string;
  /** the endpoint that was asked */
  endpoint: string;
  /** the name that policies know, if another */
  canonical: string;
  /** the operator's name for the backend */
  backend: string;
  /** the backend's own name */
  target: string;
  /** the revision of MCP that the client speaks */
  version: string;
  /** digest under the tenant's key (`hmac-sha256:HEX`), or empty */
  arguments: string;
  /** digest under the tenant's key (`hmac-sha256:HEX`), or empty */
  result: string;
  /** the call's time in ms since 1970 */
  now: number;
  /** the call's seed */
  seed: string;
  /** every run of every stage, in order */
  stages: StageRun[];
  /** how the call ended, as `status` of an outcome */
  status: string;
  /** the stage that ended it */
  stage: string;
  /** the error's code */
  code: string;
  /** the error in one line */
  message: string;
  /** the address of who was refused */
  peer: string;
  /** how many refusals this one record stands for */
  counted: number;
  /** how many there were of each code */
  codes: { [name: string]: number };
  /** how many peers there were */
  peers: number;
  /** the name of an event of the gateway */
  event: string;
  /** how often the call's client had been asked */
  round: number;
  /** how the client was asked */
  how: string;
  /** what it was asked, or answered */
  asks: AskTold[];
  /** the call that this one goes on with */
  resumes: string;
  /** how many notifications there were, by what became of them */
  notices: { [name: string]: number };
  /** Members that no schema names. */
  [more: string]: any;
}

/** The caller of a record: no attributes, no credential, only what kind of credential it was. */
export interface RecordedCaller {
  /** his id */
  id: string;
  /** what kind of caller */
  kind: string;
  /** how far the id is proven */
  trust: string;
  /** his groups */
  groups: string[];
  /** the identity plugin's name */
  identity: string;
  /** the kind of credential */
  credential: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** Detail of `redact`: JSON pointers into the result, `*` for every member or item. */
export interface Redact {
  /** JSON pointers into the result; `*` for every member or item */
  paths: string[];
  /** what stands there instead */
  replacement?: string;
}

/** A resource as MCP's resources/list shows it. */
export interface Resource {
  /** its URI */
  uri: string;
  /** its name */
  name: string;
  /** what people are shown in place of the name */
  title?: string;
  /** what it is for, in words for people and models */
  description?: string;
  /** its media type */
  mimeType?: string;
  /** its size in bytes */
  size?: number;
  /** hints of its server */
  annotations?: { [name: string]: any };
  /** icons as MCP has them */
  icons?: { [name: string]: any }[];
  /** MCP's own extension point, as it came */
  _meta?: { [name: string]: any };
  /** the backend's own name, where it is another */
  target?: string;
  /** Members that no schema names. */
  [more: string]: any;
}

/** A resource template as MCP's resources/templates/list shows it. */
export interface ResourceTemplate {
  /** the template of its URIs (RFC 6570) */
  uriTemplate: string;
  /** its name */
  name: string;
  /** what people are shown in place of the name */
  title?: string;
  /** what it is for, in words for people and models */
  description?: string;
  /** the media type of what it leads to */
  mimeType?: string;
  /** hints of its server */
  annotations?: { [name: string]: any };
  /** icons as MCP has them */
  icons?: { [name: string]: any }[];
  /** MCP's own extension point, as it came */
  _meta?: { [name: string]: any };
  /** Members that no schema names. */
  [more: string]: any;
}

/** What a run may know of the world: its id, its recorded time (ms since 1970) and its seed (hex). */
export interface RunFacts {
  /** the id of the run: that of the call, and a number */
  id: string;
  /** the recorded time of the call in ms since 1970; the only clock there is */
  now: number;
  /** hexadecimal digits that differ from run to run; the only randomness there is, and no secret */
  seed: string;
}

/** Secret by reference (`secret://env/NAME`, `secret://file/NAME`, `cred://issuer/target`), put in by the driver. */
export interface Secret {
  /** the reference */
  "$secret": string;
  /** what is put before the secret, such as `Bearer ` */
  prefix?: string;
  /** what is put after it */
  suffix?: string;
}

/** Answer of driver `sign`: the signature in the encoding that was asked for; `base64url` has no padding. */
export interface SignReply {
  /** the signature */
  signature: string;
}

/**
 * Driver `sign`: an HMAC over `text` or `text_base64` (exactly one) under a key that the plugin never sees.
 *
 * `derive` makes a key of the key first, once for each text: `key = HMAC(key, text)`, as AWS Signature 4 does.
 */
export interface SignRequest {
  /** the HMAC and its hash */
  algorithm?: SignAlgorithm;
  /** the key, by a reference that the grant's `keys` lists */
  key: Secret;
  /** texts that a key is derived by, one after the other; as many as are granted */
  derive?: string[];
  /** the text to sign */
  text?: string | null;
  /** bytes to sign */
  text_base64?: string | null;
  /** how the signature is written */
  encoding?: SignEncoding;
}

/** Answer of driver `sql`: rows as objects, one object or null, a scalar, a count, or `results` of a transaction. */
export interface SqlReply {
  /** mode `rows`: the rows, as objects */
  rows?: { [name: string]: any }[];
  /** mode `one`: the row; null if there is none */
  row?: { [name: string]: any } | null;
  /** mode `scalar`: the first value of the first row */
  scalar?: any;
  /** mode `count`: how many rows were changed */
  count?: number;
  /** whether there were more rows than `limit` or the grant allows */
  truncated: boolean;
  /** of a transaction: what each step gave, in order */
  results?: any[];
}

/** Driver `sql`: one statement, or `transaction` steps that all happen or none. `limit` in rows, `timeout` in ms. */
export interface SqlRequest {
  /** the operator's name for the database */
  connection: string;
  /** one statement with named parameters (`:name`) */
  statement?: string;
  /** values by name; never put them into the statement */
  parameters?: { [name: string]: any };
  /** what is wanted back */
  mode?: SqlMode;
  /** rows at most */
  limit?: number;
  /** ms that it may run */
  timeout?: number;
  /** steps in place of `statement`, done all or not at all */
  transaction?: SqlStep[];
}

/** One statement of a transaction; named parameters (`:name`) only, never text of the statement. */
export interface SqlStep {
  /** one statement with named parameters (`:name`) */
  statement: string;
  /** values by name */
  parameters?: { [name: string]: any };
  /** what is wanted back */
  mode?: SqlMode;
}

/** One run of a stage: which component under which configuration said what. `us` is microseconds. */
export interface StageRun {
  /** the stage */
  stage: string;
  /** the operator's name for the plugin */
  use: string;
  /** what it said */
  verdict: string;
  /** what it was asked */
  function: string;
  /** the digest of the component */
  component: string;
  /** the digest of its configuration */
  config: string;
  /** digest under the tenant's key (`hmac-sha256:HEX`), or empty */
  input: string;
  /** how long it took, in microseconds */
  us: number;
  /** the code of a denial or failure */
  code: string;
  /** the same in one line */
  message: string;
  /** digest under the tenant's key (`hmac-sha256:HEX`), or empty */
  answer: string;
  /** the drivers that it asked, in order */
  effects: string[];
  /** digest under the tenant's key (`hmac-sha256:HEX`), or empty */
  replies: string;
  /** whether the verdict was remembered from before */
  memo: boolean;
  /** whether the verdict did not count */
  shadow: boolean;
  /** whether it failed and was passed over */
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
  /** how the pieces are told apart */
  format?: StreamFormat;
  /** JSON pointer to how far it is, in each piece */
  progress?: string;
  /** JSON pointer to where it ends */
  total?: string;
  /** JSON pointer to a line for people */
  message?: string;
  /** whether only the last piece is kept */
  last?: boolean;
}

/** A tool as MCP's tools/list shows it; `target` is the backend's own name where it differs. */
export interface Tool {
  /** its name */
  name: string;
  /** JSON Schema of its arguments */
  inputSchema?: { [name: string]: any };
  /** what people are shown in place of the name */
  title?: string;
  /** what it is for, in words for people and models */
  description?: string;
  /** JSON Schema of its structured content */
  outputSchema?: { [name: string]: any };
  /** hints such as `readOnlyHint` */
  annotations?: { [name: string]: any };
  /** icons as MCP has them */
  icons?: { [name: string]: any }[];
  /** how it may be run, as MCP has it */
  execution?: { [name: string]: any };
  /** MCP's own extension point, as it came */
  _meta?: { [name: string]: any };
  /** the backend's own name, where it is another */
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
