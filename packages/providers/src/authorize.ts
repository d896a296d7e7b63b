/** `Authorization: Bearer …`. */
export const bearer = (apiKey: string): Record<string, string> => ({ authorization: `Bearer ${apiKey}` });

/** Anthropic: the key and the version of the API that our protocol is written for (https://docs.anthropic.com/en/api/versioning). */
export const anthropicKey = (apiKey: string): Record<string, string> => ({
  'x-api-key': apiKey,
  'anthropic-version': '2023-06-01',
});

/** Gemini: in a header, never in the query, where it would end up in logs. */
export const googleKey = (apiKey: string): Record<string, string> => ({ 'x-goog-api-key': apiKey });

/** Azure: the key of the resource (https://learn.microsoft.com/azure/ai-foundry/openai/reference). */
export const azureKey = (apiKey: string): Record<string, string> => ({ 'api-key': apiKey });
