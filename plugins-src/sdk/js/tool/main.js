#!/usr/bin/env node
// @ts-check
/**
 * `node sdk/tool/main.js --out FILE [--root FOLDER] [--entry plugin.js] [--wit FOLDER]`: builds the project in FOLDER,
 * whose `manifest.json` says of which kind it is. `mcpg plugin build` calls it, and embeds the manifest.
 *
 * Exit code 1: what to mend is on stderr, one line each. Warnings go there too.
 */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BuildError, buildPlugin, WIT } from './build.js';

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    root: { type: 'string', default: '.' },
    entry: { type: 'string', default: 'plugin.js' },
    wit: { type: 'string', default: WIT },
  },
});

try {
  if (!values.out) throw new BuildError('say where the component goes: --out FILE');
  const root = path.resolve(String(values.root));
  const manifest = JSON.parse(await readFile(path.join(root, 'manifest.json'), 'utf8'));
  const logs = (manifest.effects ?? []).some((/** @type {{driver: string}} */ each) => each.driver === 'log');
  const { entry, wit, out } = /** @type {Record<'entry' | 'wit' | 'out', string>} */ (values);
  const built = { root, entry, kind: manifest.kind, logs, wit: path.resolve(wit), out: path.resolve(out) };
  for (const warning of await buildPlugin(built)) console.error(`warning: ${warning}`);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
