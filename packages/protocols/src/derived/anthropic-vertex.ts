import { anthropicMessages } from '../anthropic-messages/index.js';
import { deriveProtocol } from '../derive-protocol.js';

const VERTEX_VERSION = 'vertex-2023-10-16';

/**
 * Claude on Google's Vertex AI (platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai): the model stands in the path and
 * the version in the body. The base URL ends in `/projects/{project}/locations/{location}`. Beta features stay in their header.
 */
export const anthropicVertex = deriveProtocol('anthropic-vertex', anthropicMessages, (upstream, request, target) => {
  const { model: _model, ...message } = upstream.body;
  const { 'anthropic-version': _version, ...headers } = upstream.headers;
  const method = request.stream ? 'streamRawPredict' : 'rawPredict';
  return {
    ...upstream,
    path: `/publishers/anthropic/models/${encodeModel(target.endpoint.upstreamModel)}:${method}`,
    headers,
    body: { anthropic_version: VERTEX_VERSION, ...message },
  };
});

/** Models of Vertex have an `@` before their date, which may stand in a path and which Google's own clients write as it is. */
const encodeModel = (model: string): string => encodeURIComponent(model).replaceAll('%40', '@');
