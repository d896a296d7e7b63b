import { GatewayError } from '@switchyard/contracts';
import { deriveProtocol } from '../derive-protocol.js';
import { gemini } from '../gemini/index.js';
import { isRecord, textOf } from '../json.js';

/**
 * Gemini on Google's Vertex AI (docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference): the bodies of AI
 * Studio below `/projects/{project}/locations/{location}/publishers/google`, where the base URL ends before `publishers`.
 */
export const geminiVertex = deriveProtocol('gemini-vertex', gemini, (upstream) => {
  if (namesStorage(upstream.body['contents']))
    throw new GatewayError('invalid_request', {
      message: 'This endpoint takes no files of Cloud Storage: send their bytes in base64.',
    });
  return { ...upstream, path: `/publishers/google${upstream.path}` };
});

/** Objects of Cloud Storage would be read with the rights of whoever signs: a caller must not see what the operator can. */
function namesStorage(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(namesStorage);
  if (!isRecord(value)) return false;
  const file = value['fileData'] ?? value['file_data'];
  const uri = isRecord(file) ? (textOf(file['fileUri']) ?? textOf(file['file_uri'])) : undefined;
  return (uri !== undefined && /^\s*gs:/i.test(uri)) || Object.values(value).some(namesStorage);
}
