// @ts-check
import { defineCatalog } from '@mcpg/sdk';

/** @typedef {{hide?: string[], note?: string}} Config */

export const { lifecycle, catalog } = defineCatalog((/** @type {Config} */ { hide = [], note = '' }) => ({
  shape(caller, shown) {
    const tools = shown.tools
      .filter(({ name }) => !hide.some((prefix) => name.startsWith(prefix)))
      .map((tool) => (note ? { ...tool, description: `${tool.description ?? ''}${note}` } : tool));
    return { ...shown, tools };
  },
}));
