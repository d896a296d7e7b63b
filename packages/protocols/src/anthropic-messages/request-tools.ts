import type { CompletionRequest, FunctionTool } from '@switchyard/contracts';
import { compact, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { ParameterFilter } from '../parameters.js';
import { renderCache } from './request-content.js';
import { renderSchema } from './request-format.js';

/** The search that Anthropic runs itself (platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool). */
const WEB_SEARCH = { type: 'web_search_20250305', name: 'web_search' } as const;

/** Most searches of one answer: what is held for a request covers so many, and each is billed. */
export const MAX_SEARCHES = 10;

/** How much of the web each size of context wants to see, in searches: Claude decides by their number alone. */
const SEARCHES: Readonly<Record<string, number>> = { low: 3, medium: 5, high: MAX_SEARCHES };

export function renderTools(request: CompletionRequest, filter: ParameterFilter): JsonRecord[] {
  const tools = request.tools?.length ? (filter.take('tools', request.tools) ?? []) : [];
  const search = filter.take('web_search_options', request.webSearchOptions);
  const rendered = tools.map(renderTool);
  if (search === undefined) return rendered;
  // Names are unique among all tools, and the caller's own is the one that its program can answer.
  if (rendered.some((tool) => tool['name'] === WEB_SEARCH.name)) filter.drop('web_search_options');
  else rendered.push(renderSearch(recordOf(search)));
  return rendered;
}

const renderTool = ({ name, description, parameters, strict, cacheControl }: FunctionTool): JsonRecord =>
  compact({
    name,
    description,
    // A strict tool is held to its schema, which then has the rules of structured output.
    input_schema: { type: 'object', ...(strict && parameters ? renderSchema(parameters) : parameters) },
    strict: strict || undefined,
    cache_control: renderCache(cacheControl),
  });

/** The place of the user comes flat, or as OpenAI nests it. */
function renderSearch(options: JsonRecord): JsonRecord {
  const location = recordOf(options['user_location']);
  const { city, region, country, timezone } = { ...location, ...recordOf(location['approximate']) };
  const place = compact({
    city: textOf(city),
    region: textOf(region),
    country: textOf(country),
    timezone: textOf(timezone),
  });
  return compact({
    ...WEB_SEARCH,
    max_uses: SEARCHES[textOf(options['search_context_size']) ?? ''] ?? SEARCHES['medium'],
    user_location: Object.keys(place).length > 0 ? { type: 'approximate', ...place } : undefined,
  });
}

export function renderToolChoice(request: CompletionRequest, filter: ParameterFilter): JsonRecord | undefined {
  const choice = filter.take('tool_choice', request.toolChoice);
  const parallel = filter.take('parallel_tool_calls', request.parallelToolCalls);
  if (choice === undefined && parallel !== false) return undefined;
  if (choice === 'none') return { type: 'none' };
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (typeof choice === 'object') return { type: 'tool', name: choice.name, ...single };
  return { type: choice === 'required' ? 'any' : 'auto', ...single };
}
