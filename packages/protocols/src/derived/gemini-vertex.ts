import { deriveProtocol } from '../derive-protocol.js';
import { gemini } from '../gemini/index.js';

/**
 * Gemini on Google's Vertex AI (docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference): the bodies of AI
 * Studio below `/projects/{project}/locations/{location}/publishers/google`, where the base URL ends before `publishers`.
 */
export const geminiVertex = deriveProtocol('gemini-vertex', gemini, (upstream) => ({
  ...upstream,
  path: `/publishers/google${upstream.path}`,
}));
