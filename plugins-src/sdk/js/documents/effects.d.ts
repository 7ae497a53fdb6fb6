// The requests and the replies of drivers.
//
// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.

import type { BlobRef, NewBlobRef, Secret } from './runs.js';

export type HttpMethod = "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT";

export type LogLevel = "debug" | "error" | "info" | "warning";

export type NotifyKind = "log" | "progress";

export type NotifyLevel = "alert" | "critical" | "debug" | "emergency" | "error" | "info" | "notice" | "warning";

export type SignAlgorithm = "hmac-sha256" | "hmac-sha512";

export type SignEncoding = "base64" | "base64url" | "hex";

export type SqlMode = "count" | "one" | "rows" | "scalar";

export type StreamFormat = "lines" | "sse";

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
