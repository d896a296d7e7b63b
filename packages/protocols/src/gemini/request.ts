import type { CompletionRequest, FunctionTool } from '@switchyard/contracts';
import { compact } from '../json.js';
import type { JsonRecord } from '../json.js';
import { ParameterFilter } from '../parameters.js';
import type { RenderTarget, UpstreamRequest } from '../types.js';
import { renderConfig } from './request-config.js';
import { renderContents, renderSystem } from './request-content.js';

/** Parameters for which the format has no place. */
const UNKNOWN_PARAMETERS = [
  'min_p',
  'top_a',
  'repetition_penalty',
  'logit_bias',
  'parallel_tool_calls',
  'verbosity',
  'web_search_options',
  'prediction',
] as const;

/** Google AI Studio's `generateContent` and `streamGenerateContent` (ai.google.dev/api/generate-content). */
export function renderRequest(request: CompletionRequest, target: RenderTarget): UpstreamRequest {
  const filter = new ParameterFilter(request, target.endpoint, UNKNOWN_PARAMETERS);
  const tools = request.tools?.length ? filter.take('tools', request.tools) : undefined;
  const generationConfig = renderConfig(request, target, filter);
  const body = compact({
    contents: renderContents(request),
    systemInstruction: renderSystem(request.messages),
    tools: tools && [{ functionDeclarations: tools.map(renderTool) }],
    toolConfig: tools && renderToolChoice(request, filter),
    generationConfig: Object.keys(generationConfig).length > 0 ? generationConfig : undefined,
  });
  filter.dropUnrenderable();
  const model = encodeURIComponent(target.endpoint.upstreamModel.replace(/^models\//, ''));
  return {
    path: `/models/${model}:${request.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    headers: { 'content-type': 'application/json' },
    body,
    dropped: filter.dropped,
  };
}

const renderTool = ({ name, description, parameters }: FunctionTool): JsonRecord =>
  compact({ name, description, parametersJsonSchema: parameters });

function renderToolChoice(request: CompletionRequest, filter: ParameterFilter): JsonRecord | undefined {
  const choice = filter.take('tool_choice', request.toolChoice);
  if (choice === undefined) return undefined;
  if (typeof choice === 'object')
    return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } };
  return { functionCallingConfig: { mode: { none: 'NONE', auto: 'AUTO', required: 'ANY' }[choice] } };
}
