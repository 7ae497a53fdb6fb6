// @ts-check
/** @param {any} [nothing] */
export function broken(nothing) {
  return nothing.here;
}
