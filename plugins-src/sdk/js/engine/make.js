// @ts-check
/**
 * Makes `engine.wasm` of the QuickJS runtime that the package componentize-qjs carries: `node engine/make.js BINDING.node`.
 *
 * The runtime as published asks the host for a seed, two clocks, an environment, files and modules while the state of
 * a plugin is made, so that no two builds are alike; and what stands in for the host afterwards has a memory of its
 * own, which the sandbox does not allow. Here each of those imports is replaced by a function inside the module that
 * answers always the same (see `standIns`) or traps. Nothing else is changed.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Cursor, instructions, join, leb, sections, sized } from './wasm.js';

/** The runtime "opt-size, sync" of componentize-qjs 0.4.5. */
const ORIGINAL = { size: 956298, sha256: '51bced91769e0a3cb8bc288d230675b03fca8f97b42723b9f9f1702e6903b6f7' };
const HOSTS = /^(wasi:|wasi_snapshot_preview1$|local:init\/module-loader$)/;

const END = 0x0b;
const ADD = 0x6a;
/** Stores two 64-bit numbers where the first parameter points. @type {(a: number, b: number) => number[]} */
const two64 = (a, b) => [0x20, 0, 0x42, a, 0x37, 3, 0, 0x20, 0, 0x42, b, 0x37, 3, 8, END];
/** Stores an empty list where the first parameter points. */
const noList = [0x20, 0, 0x41, 4, 0x36, 2, 0, 0x20, 0, 0x41, 0, 0x36, 2, 4, END];

/** What stands in for a function of the host; the others trap. @type {Record<string, number[]>} */
const standIns = {
  'insecure-seed': two64(1, 2),
  'wall-clock now': two64(0, 0),
  'monotonic-clock now': [0x42, 0, END],
  'get-environment': noList,
  'get-directories': noList,
  reset_adapter_state: [END],
};

/** @param {string} module @param {string} name */
function standIn(module, name) {
  if (name.startsWith('[resource-drop]')) return [END];
  const long = `${module.replace(/^.*\//, '').replace(/@.*$/, '')} ${name}`;
  return standIns[long] ?? standIns[name] ?? [0x00, END];
}

/**
 * The imports that stay, and the functions that go.
 *
 * @param {Uint8Array} body
 */
function sorted(body) {
  const cursor = new Cursor(body);
  /** @type {Uint8Array[]} */
  const kept = [];
  /** @type {{index: number, type: number, code: number[]}[]} */
  const gone = [];
  let functions = 0;
  for (let left = cursor.leb(); left; left--) {
    const from = cursor.at;
    const [module, name] = [cursor.name(), cursor.name()];
    const kind = cursor.byte();
    if (kind === 0) {
      const type = cursor.leb();
      const index = functions++;
      if (HOSTS.test(module)) {
        gone.push({ index, type, code: standIn(module, name) });
        continue;
      }
    } else {
      if (kind === 1) cursor.byte();
      if (kind === 3) cursor.take(2);
      else for (let limits = cursor.leb() & 1 ? 2 : 1; limits; limits--) cursor.leb();
    }
    kept.push(body.subarray(from, cursor.at));
  }
  return { kept, gone, functions };
}

/**
 * The number of each function after some imports went to the end of all functions.
 *
 * @param {{index: number}[]} gone @param {number} total functions, imported and own
 */
function numbering(gone, total) {
  const moved = new Map(gone.map(({ index }, i) => [index, total - gone.length + i]));
  /** @param {number} index */
  return (index) => moved.get(index) ?? index - gone.filter((each) => each.index < index).length;
}

/** @param {Uint8Array} body @param {(index: number) => number} renumber */
function exported(body, renumber) {
  const cursor = new Cursor(body);
  const count = cursor.leb();
  /** @type {(Uint8Array | number[])[]} */
  const parts = [leb(count)];
  for (let left = count; left; left--) {
    const from = cursor.at;
    cursor.name();
    const kind = cursor.byte();
    parts.push(body.subarray(from, cursor.at));
    const index = cursor.leb();
    parts.push(leb(kind === 0 ? renumber(index) : index));
  }
  return join(parts);
}

/** @param {Uint8Array} body @param {(index: number) => number} renumber */
function elements(body, renumber) {
  const cursor = new Cursor(body);
  const count = cursor.leb();
  /** @type {(Uint8Array | number[])[]} */
  const parts = [leb(count)];
  for (let left = count; left; left--) {
    const from = cursor.at;
    if (cursor.leb() !== 0) throw new Error('a segment of elements is not of the plain sort');
    for (let op = cursor.byte(); op !== END; op = cursor.byte()) if (op !== ADD) cursor.leb();
    parts.push(body.subarray(from, cursor.at));
    const indices = cursor.leb();
    parts.push(leb(indices));
    for (let index = indices; index; index--) parts.push(leb(renumber(cursor.leb())));
  }
  return join(parts);
}

/** @param {Uint8Array} body @param {(index: number) => number} renumber @param {number[][]} more */
function code(body, renumber, more) {
  const cursor = new Cursor(body);
  const count = cursor.leb();
  /** @type {Uint8Array[]} */
  const parts = [Uint8Array.from(leb(count + more.length))];
  for (let left = count; left; left--) {
    const size = cursor.leb();
    const one = new Cursor(body, cursor.at, cursor.at + size);
    for (let groups = one.leb(); groups; groups--) {
      one.leb();
      one.byte();
    }
    const locals = body.subarray(cursor.at, one.at);
    cursor.take(size);
    parts.push(sized(join([locals, instructions(one, renumber)])));
  }
  return join([...parts, ...more.map((each) => sized(Uint8Array.from([0, ...each])))]);
}

/** How many things a section holds, and the rest of it. @param {Uint8Array} body @returns {[number, Uint8Array]} */
function counted(body) {
  const cursor = new Cursor(body);
  return [cursor.leb(), body.subarray(cursor.at)];
}

/**
 * The module without the host's functions.
 *
 * @param {Uint8Array} module
 */
export function cutOff(module) {
  const all = [...sections(module)];
  /** @param {number} id */
  const body = (id) => /** @type {{body: Uint8Array}} */ (all.find((section) => section.id === id)).body;
  const { kept, gone, functions } = sorted(body(2));
  const [own, types] = counted(body(3));
  const renumber = numbering(gone, functions + own);
  /** @type {Record<number, () => Uint8Array>} */
  const changed = {
    2: () => join([leb(kept.length), ...kept]),
    3: () => join([leb(own + gone.length), types, ...gone.map((each) => leb(each.type))]),
    7: () => exported(body(7), renumber),
    8: () => Uint8Array.from(leb(renumber(counted(body(8))[0]))),
    9: () => elements(body(9), renumber),
    10: () =>
      code(
        body(10),
        renumber,
        gone.map((each) => each.code),
      ),
  };
  const stays = all.filter(({ id, body: raw }) => id !== 0 || !/^component-type:.*wasi/.test(new Cursor(raw).name()));
  const parts = stays.map(({ id, body: raw }) => join([[id], sized(changed[id] ? changed[id]() : raw)]));
  return join([module.subarray(0, 8), ...parts]);
}

/** @param {Uint8Array} bytes */
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * Finds the runtime in the file that the package ships for one platform.
 *
 * @param {Buffer} binding
 */
export function original(binding) {
  const magic = Buffer.from('\0asm\x01\0\0\0', 'latin1');
  for (let at = binding.indexOf(magic); at >= 0; at = binding.indexOf(magic, at + 1)) {
    const found = binding.subarray(at, at + ORIGINAL.size);
    if (digest(found) === ORIGINAL.sha256) return found;
  }
  throw new Error('the runtime of componentize-qjs 0.4.5 is not in that file');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = cutOff(original(readFileSync(process.argv[2])));
  writeFileSync(new URL('engine.wasm', import.meta.url), made);
  console.log(`${made.length} bytes, sha256:${digest(made)}`);
}
