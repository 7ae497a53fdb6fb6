// @ts-check
import { changed, defineTransform, Problem, unchanged } from '@mcpg/sdk';

export const { lifecycle, transform } = defineTransform((/** @type {{max_chars: number}} */ { max_chars: most }) => {
  if (!Number.isInteger(most)) throw new Problem('bad-config', '`max_chars` is not a whole number');

  return {
    after(caller, call, { result }) {
      let cut = false;
      const content = result?.content?.map((/** @type {any} */ part) => {
        const characters = part?.type === 'text' && typeof part.text === 'string' ? [...part.text] : [];
        if (characters.length <= most) return part;
        cut = true;
        return { ...part, text: `${characters.slice(0, most).join('')} [cut]` };
      });
      return cut ? changed({ ...result, content }) : unchanged();
    },
  };
});
