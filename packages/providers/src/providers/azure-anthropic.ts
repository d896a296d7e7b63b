import { anthropicKey } from '../authorize.js';
import { defineProvider } from '../provider.js';

/**
 * Claude in a resource of Azure AI Foundry: Anthropic's own format below another address; `model` is the name of the deployment.
 * Whether a cancelled stream is billed to its end is said nowhere, so it is taken to be.
 */
export const azureAnthropic = defineProvider({
  id: 'azure-anthropic',
  name: 'Azure AI Foundry (Claude)',
  protocol: 'anthropic-messages',
  baseUrl: 'https://{resource}.services.ai.azure.com/anthropic/v1',
  settings: { resource: { variable: 'AZURE_ANTHROPIC_RESOURCE_NAME' } },
  authorize: anthropicKey,
  stopsBillingOnAbort: false,
  source: {
    url: 'https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry',
    date: '2026-11-22',
  },
  recordings: ['azure-anthropic'],
});
