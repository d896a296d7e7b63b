import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/**
 * Models of many makers in an account of AWS: Converse for all, and Anthropic's own format for Claude. The key is one of Bedrock's; in
 * its absence requests are signed with the credentials of AWS.
 */
export const amazonBedrock = defineProvider({
  id: 'amazon-bedrock',
  name: 'Amazon Bedrock',
  protocol: 'bedrock-converse',
  also: [{ protocol: 'anthropic-bedrock', basePath: '' }],
  baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
  settings: { region: { variable: 'AWS_REGION', fallback: 'us-east-1' } },
  apiKeyVariable: 'AWS_BEARER_TOKEN_BEDROCK',
  authorize: bearer,
  signing: {
    scheme: 'aws-sigv4',
    service: 'bedrock',
    settings: {
      accessKeyId: { variable: 'AWS_ACCESS_KEY_ID', secret: true },
      secretAccessKey: { variable: 'AWS_SECRET_ACCESS_KEY', secret: true },
      sessionToken: { variable: 'AWS_SESSION_TOKEN', optional: true, secret: true },
    },
  },
  // Listed among those where closing the connection changes nothing.
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: { url: 'https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html', date: '2026-11-22' },
  recordings: ['bedrock', 'bedrock-invoke'],
});
