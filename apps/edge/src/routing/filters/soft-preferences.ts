import { requestedTier } from '@switchyard/contracts';
import type { CompletionRequest } from '@switchyard/contracts';
import type { RoutingInput } from '../routing.js';
import { roomyContext } from './context-length.js';
import type { Filter } from './filter.js';

/** Parameters that prefer endpoints which support them, but are dropped where none does (spec 2.4). */
function preferredParameters({ parameters, responseFormat }: CompletionRequest): readonly Filter[] {
  const preferences: Filter[] = [];
  const prefer = (reason: Filter['reason'], name: string): unknown =>
    preferences.push({ reason, keeps: ({ supportedParameters }) => supportedParameters.has(name) });
  if (parameters.includes('tools')) prefer('prefers_tools', 'tools');
  if (parameters.includes('response_format')) prefer('prefers_response_format', 'response_format');
  if (responseFormat?.type === 'json_schema') prefer('prefers_structured_outputs', 'structured_outputs');
  if (parameters.includes('verbosity')) prefer('prefers_verbosity', 'verbosity');
  return preferences;
}

/** Who asks for `flex` gets it where there is any, and its lack of capacity rather than the dearer service (spec 3.8). */
const flexOnly = ({ serviceTier: asked }: CompletionRequest): readonly Filter[] =>
  requestedTier(asked) === 'flex'
    ? [{ reason: 'service_tier', keeps: ({ serviceTier }) => serviceTier === 'flex' }]
    : [];

/** Rules that are followed where some endpoint of the model satisfies them, and ignored where none does. */
export function softPreferences(input: RoutingInput): readonly Filter[] {
  const roomy = roomyContext(input);
  return [...(roomy ? [roomy] : []), ...preferredParameters(input.request), ...flexOnly(input.request)];
}
