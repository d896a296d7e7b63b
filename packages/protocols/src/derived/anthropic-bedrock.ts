import { Buffer } from 'node:buffer';
import { anthropicMessages } from '../anthropic-messages/index.js';
import { parseError } from '../bedrock-converse/error.js';
import { deriveProtocol } from '../derive-protocol.js';
import { encodeBinaryText } from '../frames/binary-text.js';
import { frameJson } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { parseJson, recordOf, textOf } from '../json.js';
import type { Protocol } from '../types.js';

const BEDROCK_VERSION = 'bedrock-2023-05-31';

/**
 * Claude on Amazon Bedrock's InvokeModel (docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html):
 * the model and whether to stream stand in the path, version and beta features in the body. Streams come as AWS events, each with
 * one event of Anthropic's in base64.
 */
export const anthropicBedrock: Protocol = {
  ...deriveProtocol(
    'anthropic-bedrock',
    anthropicMessages,
    (upstream, request, target) => {
      const { model: _model, stream: _stream, ...message } = upstream.body;
      const { 'anthropic-version': _version, 'anthropic-beta': beta, ...headers } = upstream.headers;
      const method = request.stream ? 'invoke-with-response-stream' : 'invoke';
      return {
        ...upstream,
        path: `/model/${encodeURIComponent(target.endpoint.upstreamModel)}/${method}`,
        headers,
        body: {
          anthropic_version: BEDROCK_VERSION,
          ...(beta && { anthropic_beta: beta.split(/\s*,\s*/) }),
          ...message,
        },
      };
    },
    openChunk,
  ),
  // Errors are those of AWS, whoever made the model.
  parseError,
};

/**
 * `{"bytes": "<base64>", "p": "<padding>"}`. What the service throws (`modelStreamErrorException`, `throttlingException`, …) becomes
 * the error event that Anthropic would send.
 */
function openChunk(frame: Frame): Frame {
  const value = recordOf(frameJson(frame)?.value);
  if (frame.exception !== undefined) {
    const message = textOf(value['message']) ?? '';
    return frameOf(frame, JSON.stringify({ type: 'error', error: { type: frame.exception, message } }), 'error');
  }
  const bytes = textOf(value['bytes']);
  if (bytes === undefined) return frame;
  const text = Buffer.from(bytes, 'base64').toString('utf8');
  return frameOf(frame, text, textOf(recordOf(parseJson(text)?.value)['type']));
}

const frameOf = ({ partial }: Frame, text: string, event: string | undefined): Frame => ({
  event,
  data: encodeBinaryText(text),
  partial,
});
