// @ts-check
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Cursor, instructions, join, leb, sections } from '../engine/wasm.js';

const engine = readFileSync(new URL('../engine/engine.wasm', import.meta.url));

test('the engine imports no function of a host', () => {
  const body = [...sections(engine)].find(({ id }) => id === 2)?.body;
  assert(body);
  const cursor = new Cursor(body);
  const functions = [];
  for (let left = cursor.leb(); left; left--) {
    const [module, name, kind] = [cursor.name(), cursor.name(), cursor.byte()];
    if (kind === 0) functions.push(`${module} ${name}`, cursor.leb());
    else if (kind === 3) cursor.take(2);
    else {
      if (kind === 1) cursor.byte();
      for (let limits = cursor.leb() & 1 ? 2 : 1; limits; limits--) cursor.leb();
    }
  }
  assert.deepEqual(functions, []);
});

test('numbers of functions are replaced, and nothing else', () => {
  // block; i32.const 16; call 16; br_table 1 [0] 0; ref.func 3; memory.copy; v128.const; f64.const; end
  const wide = Array.from({ length: 16 }, () => 0x10);
  const code = [2, 0x40, 0x41, 0x10, 0x10, 0x10, 0x0e, 1, 0, 0, 0xd2, 3, 0xfc, 10, 0, 0, 0xfd, 12, ...wide];
  const given = Uint8Array.from([...code, 0x44, ...wide.slice(8), 0x0b]);
  const made = instructions(new Cursor(given), (index) => index + 200);
  const wanted = [2, 0x40, 0x41, 0x10, 0x10, ...leb(216), 0x0e, 1, 0, 0, 0xd2, ...leb(203), ...code.slice(12)];
  assert.deepEqual([...made], [...wanted, 0x44, ...wide.slice(8), 0x0b]);
  assert.throws(() => instructions(new Cursor(Uint8Array.of(0xff)), (index) => index), /0xff/);
  assert.throws(() => new Cursor(Uint8Array.of(0x80)).leb(), /cut short/);
  assert.equal(join([[1], Uint8Array.of(2)]).length, 2);
});
