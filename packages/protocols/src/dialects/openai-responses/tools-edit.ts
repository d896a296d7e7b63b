import { isRecord } from '../../json.js';
import type { RenderTarget } from '../../types.js';

/** Tools of the provider that are billed beside the tokens, at prices that no price book here has. */
const UNPRICED = /^(?:code_interpreter|file_search)/;

/**
 * The client's own tools. Functions stay where the endpoint takes tools, a web search where it searches; of the tools that the
 * provider runs those stay that cost nothing beside their tokens. Nobody could be charged for the others, so they are dropped.
 */
export function editTools(
  tools: unknown,
  rendered: unknown,
  target: RenderTarget,
  dropped: string[],
): readonly unknown[] | undefined {
  if (!Array.isArray(tools)) return undefined;
  const kinds = new Set(Array.isArray(rendered) ? rendered.map(kindOf) : []);
  const kept = tools.filter((tool: unknown) => {
    const kind = kindOf(tool);
    if (kind === 'function' || kind === 'web_search') return kinds.has(kind);
    const allowed =
      kind === 'image_generation' ? target.endpoint.outputModalities.includes('image') : !UNPRICED.test(kind);
    if (!allowed && !dropped.includes(`tools.${kind}`)) dropped.push(`tools.${kind}`);
    return allowed;
  });
  return kept.length > 0 ? kept : undefined;
}

/** Web search has a name for every version. */
function kindOf(tool: unknown): string {
  const type = isRecord(tool) && typeof tool['type'] === 'string' ? tool['type'] : '';
  return type.startsWith('web_search') ? 'web_search' : type;
}
