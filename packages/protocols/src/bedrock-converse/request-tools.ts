import type { CompletionRequest, FunctionTool } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { ParameterFilter } from '../parameters.js';
import { cachePoint } from './request-content.js';
import { usesTools, WEB_SEARCH } from './wire.js';
import type { Family, WireBlock } from './wire.js';

export interface ToolConfig {
  readonly tools: WireBlock[];
  readonly toolChoice?: JsonRecord | undefined;
}

const NOVA_SEARCH: WireBlock = { systemTool: { name: WEB_SEARCH } };

/**
 * `toolConfig`. It has no "none", and must be there as soon as the conversation has calls: so a caller who wants no more calls gets
 * the tools left out where that is possible, and earlier calls bring their tools along where the caller has left them out.
 */
export function renderTools(
  request: CompletionRequest,
  family: Family,
  filter: ParameterFilter,
): ToolConfig | undefined {
  const offered = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  const search = family === 'nova' ? filter.take('web_search_options', request.webSearchOptions) : undefined;
  if (family !== 'nova' && request.webSearchOptions !== undefined) filter.drop('web_search_options');
  const choice = filter.take('tool_choice', request.toolChoice);
  if (request.parallelToolCalls === false) filter.drop('parallel_tool_calls');
  const isOff = choice === 'none' && !usesTools(request);
  if (choice === 'none' && !isOff) filter.drop('tool_choice');
  const tools = [
    ...(isOff ? [] : (offered ?? toolsOfCalls(request)).flatMap((tool) => renderTool(tool, family))),
    ...(search === undefined ? [] : [NOVA_SEARCH]),
  ];
  return tools.length === 0 ? undefined : { tools, toolChoice: isOff ? undefined : renderChoice(choice) };
}

const renderTool = (
  { name, description, parameters, strict, cacheControl }: FunctionTool,
  family: Family,
): WireBlock[] => [
  {
    toolSpec: compact({
      name,
      description: description || undefined,
      inputSchema: { json: { type: 'object', ...parameters } },
      strict: strict || undefined,
    }),
  },
  // Nova caches messages and instructions only.
  ...(family === 'claude' ? cachePoint(cacheControl, family) : []),
];

/** Tools that are known only from their calls. */
function toolsOfCalls({ messages }: CompletionRequest): FunctionTool[] {
  const calls = messages.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
  return [...new Set(calls.map(({ name }) => name))].map((name) => ({ name }));
}

function renderChoice(choice: CompletionRequest['toolChoice']): JsonRecord | undefined {
  if (typeof choice === 'object') return { tool: { name: choice.name } };
  if (choice === 'required') return { any: {} };
  return choice === 'auto' ? { auto: {} } : undefined;
}
