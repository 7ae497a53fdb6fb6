// @ts-check
/**
 * Reads and writes as much of a core WebAssembly module as taking function imports away needs.
 *
 * It validates nothing: whatever it does not know is an error, and what it wrote is validated by who uses it.
 */

/** A place in bytes that moves on as it is read. */
export class Cursor {
  /** @param {Uint8Array} bytes @param {number} [at] @param {number} [end] */
  constructor(bytes, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /** The next byte. */
  byte() {
    if (this.at >= this.end) throw new Error(`the module is cut short at byte ${this.at}`);
    return this.bytes[this.at++];
  }

  /** The next number in LEB128, as far as 32 bits are concerned; of a signed one only where it ends is right. */
  leb() {
    let number = 0;
    let shift = 0;
    for (;;) {
      const byte = this.byte();
      if (shift < 32) number = (number | ((byte & 0x7f) << shift)) >>> 0;
      if (byte < 0x80) return number;
      shift += 7;
    }
  }

  /** The next bytes, as many as said. @param {number} count */
  take(count) {
    const from = this.at;
    this.at += count;
    if (this.at > this.end) throw new Error(`the module is cut short at byte ${from}`);
    return this.bytes.subarray(from, this.at);
  }

  /** The next name. */
  name() {
    return new TextDecoder().decode(this.take(this.leb()));
  }
}

/** A number in LEB128. @param {number} number @returns {number[]} */
export function leb(number) {
  const bytes = [];
  do {
    bytes.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number);
  return bytes;
}

/** One run of bytes out of several. @param {(Uint8Array | number[])[]} parts */
export function join(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A body with its length before it. @param {Uint8Array} body */
export const sized = (body) => join([leb(body.length), body]);

/**
 * The sections of a module: their number and where their body is.
 *
 * @param {Uint8Array} module
 */
export function* sections(module) {
  const cursor = new Cursor(module, 8);
  while (cursor.at < module.length) {
    const id = cursor.byte();
    yield { id, body: cursor.take(cursor.leb()) };
  }
}

/** What stands behind an opcode: how many numbers, how many plain bytes. @type {(op: number) => [number, number]} */
function immediates(op) {
  if (op >= 0x02 && op <= 0x04) return [1, 0];
  if (op === 0x0c || op === 0x0d || op === 0x10 || op === 0x12) return [1, 0];
  if (op === 0x11 || op === 0x13) return [2, 0];
  if (op >= 0x20 && op <= 0x26) return [1, 0];
  if (op >= 0x28 && op <= 0x3e) return [2, 0];
  if (op >= 0x3f && op <= 0x42) return [1, 0];
  if (op === 0x43 || op === 0x44) return [0, op === 0x43 ? 4 : 8];
  if (op === 0xd0 || op === 0xd2) return [1, 0];
  if (op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a || op === 0x1b) return [0, 0];
  if ((op >= 0x45 && op <= 0xc4) || op === 0xd1) return [0, 0];
  throw new Error(`opcode 0x${op.toString(16)} is not known here`);
}

/** The same for opcodes behind 0xfc. @param {number} op @returns {number} */
function bulk(op) {
  if (op <= 7) return 0;
  if (op === 8 || op === 10 || op === 12 || op === 14) return 2;
  if (op <= 17) return 1;
  throw new Error(`opcode 0xfc ${op} is not known here`);
}

/** The same for opcodes behind 0xfd, which are vectors. @param {number} op @returns {[number, number]} */
function vector(op) {
  if (op <= 11) return [2, 0];
  if (op === 12 || op === 13) return [0, 16];
  if (op >= 21 && op <= 34) return [0, 1];
  if (op >= 84 && op <= 91) return [2, 1];
  if (op === 92 || op === 93) return [2, 0];
  return [0, 0];
}

/**
 * Instructions with every function's number replaced.
 *
 * @param {Cursor} cursor from the first instruction to the end
 * @param {(index: number) => number} renumber
 */
export function instructions(cursor, renumber) {
  /** @type {(Uint8Array | number[])[]} */
  const parts = [];
  let from = cursor.at;
  while (cursor.at < cursor.end) {
    const op = cursor.byte();
    if (op === 0x10 || op === 0x12 || op === 0xd2) {
      parts.push(cursor.bytes.subarray(from, cursor.at), leb(renumber(cursor.leb())));
      from = cursor.at;
      continue;
    }
    let [numbers, bytes] = [0, 0];
    if (op === 0x0e) numbers = cursor.leb() + 1;
    else if (op === 0x1c) bytes = cursor.leb();
    else if (op === 0xfc) numbers = bulk(cursor.leb());
    else if (op === 0xfd) [numbers, bytes] = vector(cursor.leb());
    else [numbers, bytes] = immediates(op);
    while (numbers--) cursor.leb();
    cursor.take(bytes);
  }
  parts.push(cursor.bytes.subarray(from, cursor.end));
  return join(parts);
}
