// @ts-check
/**
 * From `plugin.js` to a component: one bundle of the author's files and packages, put into the engine. It embeds no
 * manifest and runs nothing of the plugin but what stands at the top of its modules.
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { origin } from '../src/trace.js';
import { linesOf } from './lines.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ENGINE = path.join(HERE, '..', 'engine', 'engine.wasm');
export const WIT = path.join(HERE, '..', 'wit');
/** The release of componentize-qjs that the engine was made of: another one does not fit it. */
const RELEASE = '0.4.5';

/** What the author can mend, ready to be shown. */
export class BuildError extends Error {}

/**
 * A package that the project itself brings; says how to get it if it does not.
 *
 * @param {string} name @returns {Promise<any>}
 */
async function tool(name) {
  try {
    return await import(name);
  } catch (error) {
    const reason = /** @type {NodeJS.ErrnoException} */ (error);
    if (reason.code === 'ERR_MODULE_NOT_FOUND') {
      throw new BuildError(`the package \`${name}\` is not installed: run \`npm ci\` in the project`);
    }
    throw new BuildError(`the package \`${name}\` does not run here: ${reason.message}`);
  }
}

/** The component maker, in the release that fits the engine. */
async function maker() {
  const name = 'componentize-qjs';
  const { default: described } = await import(`${name}/package.json`, { with: { type: 'json' } }).catch(() => ({}));
  if (described && described.version !== RELEASE) {
    const install = `npm install --save-dev --save-exact ${name}@${RELEASE}`;
    throw new BuildError(`\`${name}\` ${described.version} does not fit the SDK's engine: run \`${install}\``);
  }
  return await tool(name);
}

/** @param {{text: string, location: {file: string, line: number, column: number} | null}} message */
function told({ text, location }) {
  const node =
    /^Could not resolve "((node:)?(fs|path|os|net|http|https|child_process|crypto|process|url|util)\b[^"]*)"/;
  const module = node.exec(text)?.[1];
  const said = module ? `\`${module}\` is a part of Node, and a plugin has none: it can only ask the host` : text;
  return location ? `${location.file}:${location.line}:${location.column + 1}: ${said}` : said;
}

/**
 * Bundles the plugin; returns the text, which lines of it are which of the author's, and warnings.
 *
 * @param {{root: string, entry: string, logs: boolean}} options
 */
async function bundle({ root, entry, logs }) {
  const { build } = await tool('esbuild');
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: path.join(root, 'plugin.js'),
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'default'],
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: 'external',
    sourcesContent: false,
    preserveSymlinks: true,
    define: { 'globalThis.__mcpg_logs': String(logs) },
    logLevel: 'silent',
  };
  try {
    const made = await build(options);
    const [map, code] = ['.map', '.js'].map((end) =>
      made.outputFiles.find((/** @type {any} */ f) => f.path.endsWith(end)),
    );
    const [output] = Object.values(made.metafile.outputs).filter((/** @type {any} */ each) => each.entryPoint);
    return {
      code: code.text,
      lines: linesOf(JSON.parse(map.text)),
      exports: /** @type {any} */ (output).exports,
      warnings: made.warnings.map(told),
    };
  } catch (error) {
    const { errors } = /** @type {any} */ (error);
    if (!errors) throw error;
    throw new BuildError(errors.map(told).join('\n'));
  }
}

/**
 * What the engine said, in one line, with the place in the author's files.
 *
 * @param {string} text @param {[number, string, number][]} lines
 */
function placed(text, lines) {
  const said = /^.*\b\w*Error: (.*)$/m.exec(text)?.[1] ?? text;
  const frames = [...text.matchAll(/plugin\.js:(\d+)/g)].map(([, line]) => origin(lines, Number(line)));
  const place = frames.find((frame) => frame && !frame[0].includes('@mcpg/sdk/'));
  return place ? `${place[0]}:${place[1]}: ${said}` : said;
}

/**
 * Builds a component without a manifest.
 *
 * @param {{root: string, entry?: string, kind: string, logs?: boolean, wit?: string, out: string}} options `logs` says
 *   whether the manifest lists the driver `log`
 * @returns {Promise<string[]>} warnings
 */
export async function buildPlugin({ root, entry = 'plugin.js', kind, logs = false, wit = WIT, out }) {
  const { code, lines, exports, warnings } = await bundle({ root, entry, logs });
  for (const name of ['lifecycle', kind]) {
    if (exports.includes(name)) continue;
    const define = `define${kind[0].toUpperCase()}${kind.slice(1)}`;
    throw new BuildError(
      `${entry}: exports no \`${name}\`, which the kind \`${kind}\` of manifest.json has: write \`export const { lifecycle, ${kind} } = ${define}(...)\``,
    );
  }
  const { componentize } = await maker();
  const folder = await mkdtemp(path.join(tmpdir(), 'mcpg-js-'));
  try {
    const jsPath = path.join(folder, 'plugin.js');
    const jsSource = `${code}\nglobalThis.__mcpg_lines = ${JSON.stringify(lines)};\n`;
    await writeFile(jsPath, jsSource);
    const runtimeBytes = await readFile(ENGINE);
    const options = { witPath: wit, world: `${kind}-plugin`, jsSource, jsPath, moduleRoot: folder, runtimeBytes };
    const { component } = await componentize(options).catch((/** @type {Error} */ error) => {
      throw new BuildError(placed(error.message, lines));
    });
    await mkdir(path.dirname(out), { recursive: true });
    await writeFile(out, component);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return warnings;
}
