// What plugins are asked with, what they answer, and the secrets and blobs that documents point to.
//
// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.

import type { Prompt, Resource, ResourceTemplate, Tool } from './protocol.js';

export type ActionKind = "method" | "prompt" | "resource" | "template" | "tool";

export type CallerKind = "anonymous" | "service" | "user" | "workload";

export type CallerTrust = "anonymous" | "asserted" | "verified";

export type CredentialsTransport = "http" | "stdio";

export type OutcomeStatus = "denied" | "failed" | "ok" | "tool-error" | "unknown";

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

/** Detail of `redact`: JSON pointers into the result, `*` for every member or item. */
export interface Redact {
  /** JSON pointers into the result; `*` for every member or item */
  paths: string[];
  /** what stands there instead */
  replacement?: string;
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
