// What the ledger keeps, as sinks are given it.
//
// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.

export type RecordKind = "answered" | "asked" | "event" | "intent" | "outcome" | "refusal";

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
