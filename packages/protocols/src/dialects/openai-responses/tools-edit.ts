import { isRecord, recordOf } from '../../json.js';
import type { RenderTarget } from '../../types.js';

/** Tools that the client runs itself, and the search among those that it offers. */
const RUN_BY_THE_CLIENT: readonly string[] = ['custom', 'namespace', 'tool_search', 'local_shell', 'apply_patch'];

/**
 * The client's own tools. Functions stay where the endpoint takes tools, a web search where it searches. Other tools of the provider
 * are dropped: containers and stores have prices that no price book here has, and a server of the caller's choice can answer with
 * more prompt tokens than anyone has set money aside for.
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
    const allowed = isRunByTheClient(kind, tool) || (kind === 'image_generation' && makesImages(target));
    if (!allowed && !dropped.includes(`tools.${kind}`)) dropped.push(`tools.${kind}`);
    return allowed;
  });
  return kept.length > 0 ? kept : undefined;
}

const makesImages = ({ endpoint }: RenderTarget): boolean => endpoint.outputModalities.includes('image');

/** A shell runs at the client or in a container of the provider. */
const isRunByTheClient = (kind: string, tool: unknown): boolean =>
  RUN_BY_THE_CLIENT.includes(kind) ||
  kind.startsWith('computer') ||
  (kind === 'shell' && isRecord(tool) && recordOf(tool['environment'])['type'] === 'local');

/** Web search has a name for every version. */
function kindOf(tool: unknown): string {
  const type = isRecord(tool) && typeof tool['type'] === 'string' ? tool['type'] : '';
  return type.startsWith('web_search') ? 'web_search' : type;
}
