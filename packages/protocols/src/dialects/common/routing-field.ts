/**
 * `openrouter_metadata` as a field of what is rendered, for clients that asked for it: OpenRouter's name and place in the formats
 * that it speaks (spec 2.7), the same name at the top level in Google's, which it does not.
 */
export const routingField = (
  routing: Readonly<Record<string, unknown>> | undefined,
): { readonly openrouter_metadata?: Readonly<Record<string, unknown>> } =>
  routing === undefined ? {} : { openrouter_metadata: routing };
