import { googleKey } from '../authorize.js';
import { defineProvider } from '../provider.js';
import { CANCELLATION_SOURCE } from '../sources.js';

/**
 * Gemini, and Claude, in a project of Google Cloud. Location `global` has the address without a region; for another one set both
 * GOOGLE_VERTEX_LOCATION and GOOGLE_VERTEX_BASE_URL (`https://europe-west1-aiplatform.googleapis.com`).
 */
export const googleVertex = defineProvider({
  id: 'google-vertex',
  name: 'Google Vertex',
  protocol: 'gemini-vertex',
  also: [{ protocol: 'anthropic-vertex', basePath: '' }],
  baseUrl: 'https://aiplatform.googleapis.com/v1/projects/{project}/locations/{location}',
  settings: {
    project: { variable: 'GOOGLE_VERTEX_PROJECT' },
    location: { variable: 'GOOGLE_VERTEX_LOCATION', fallback: 'global' },
  },
  authorize: googleKey,
  signing: {
    scheme: 'google-oauth',
    settings: { credentials: { variable: 'GOOGLE_VERTEX_CREDENTIALS', secret: true } },
  },
  stopsBillingOnAbort: false,
  source: CANCELLATION_SOURCE,
  documentation: {
    url: 'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations',
    date: '2026-11-22',
  },
  recordings: ['vertex'],
});
