// What MCP itself has: tools, prompts and resources.
//
// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.

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
