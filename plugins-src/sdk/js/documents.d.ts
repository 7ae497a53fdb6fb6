// Generated from wit/schemas by plugins-src/sdk/generate.py; do not edit.
//
// A plugin is given what its manifest's `reads` lists and nothing else; the types of what it reads name every member that
// can be there. `NewCaller` and the like are what a plugin may write: what has a default may be left out.

export type * from './documents/protocol.js';
export type * from './documents/runs.js';
export type * from './documents/effects.js';
export type * from './documents/records.js';
