import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';

/**
 * Open models on Amazon Bedrock behind the formats of OpenAI, with an API key of Bedrock. Some of OpenAI's own models answer below
 * `/openai/v1` alone: BEDROCK_MANTLE_BASE_URL takes that address. Whether a cancelled stream is billed to its end is said nowhere,
 * so it is taken to be.
 */
export const bedrockMantle = defineProvider({
  id: 'bedrock-mantle',
  name: 'Amazon Bedrock (Mantle)',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: 'https://bedrock-mantle.{region}.api.aws/v1',
  settings: { region: { variable: 'AWS_REGION', fallback: 'us-east-1' } },
  authorize: bearer,
  stopsBillingOnAbort: false,
  source: {
    url: 'https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html',
    date: '2026-11-22',
  },
  recordings: ['bedrock-mantle'],
});
