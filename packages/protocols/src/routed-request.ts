import type { CompletionRequest, RoutedRequest } from '@switchyard/contracts';

const SEARCH = 'web_search_options';

/**
 * A request as routing decided to send it to one endpoint. What the client says itself about reasoning stays; its own options for a
 * search come before those of the plugin.
 */
export function asRouted(request: CompletionRequest, routed: RoutedRequest): CompletionRequest {
  const { serviceTier, reasoning, webSearch } = routed;
  const thinks = reasoning === true && !saysWhetherToThink(request);
  const searches = webSearch !== undefined && request.webSearchOptions === undefined;
  const added = [...(thinks ? ['reasoning'] : []), ...(searches ? [SEARCH] : [])];
  const { serviceTier: asked, ...rest } = request;
  const tier = serviceTier === undefined ? asked : (serviceTier ?? undefined);
  return {
    ...rest,
    ...(tier !== undefined && { serviceTier: tier }),
    ...(thinks && { reasoning: { ...request.reasoning, enabled: true } }),
    ...(searches && { webSearchOptions: webSearch }),
    ...(added.length > 0 && { parameters: [...new Set([...request.parameters, ...added])] }),
  };
}

/**
 * Whether the client's own body no longer says what is to be sent, so that the request must be rendered anew even where the
 * provider speaks the client's format.
 */
export const isRewritten = ({ reasoning, webSearch }: RoutedRequest): boolean =>
  reasoning === true || webSearch !== undefined;

const saysWhetherToThink = ({ reasoning }: CompletionRequest): boolean =>
  (reasoning?.enabled ?? reasoning?.effort ?? reasoning?.maxTokens) !== undefined;
