import { azureKey } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/**
 * OpenAI's models in a resource of your own, below the version-free address of Azure AI Foundry; `model` is the name of the
 * deployment. AZURE_BASE_URL takes any other address (`https://x.services.ai.azure.com/openai/v1`).
 * Rules: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
 */
export const azure = defineProvider({
  id: 'azure',
  name: 'Azure',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: 'https://{resource}.openai.azure.com/openai/v1',
  settings: { resource: { variable: 'AZURE_RESOURCE_NAME' } },
  authorize: azureKey,
  // `max_tokens` is refused by the reasoning models, as at OpenAI.
  quirks: { rename: { max_tokens: 'max_completion_tokens' } },
  stopsBillingOnAbort: true,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle',
    date: '2026-11-22',
  },
  recordings: ['azure', 'azure-responses'],
});
