import type { ProtocolId } from '@switchyard/contracts';
import { dialectOf, protocolOf, renderUpstream } from '../index.js';
import { endpointOf, requestOf } from '../testing/builders.js';

const render = (protocol: ProtocolId, upstreamModel: string, fields: Record<string, unknown> = {}) =>
  protocolOf(protocol).renderRequest(requestOf(fields), { endpoint: endpointOf({ upstreamModel }) });

describe('Claude on Vertex', () => {
  it('has its model in the path and its version in the body', () => {
    expect(render('anthropic-vertex', 'claude-haiku-4-5@20251001', { max_tokens: 5 })).toEqual({
      path: '/publishers/anthropic/models/claude-haiku-4-5@20251001:rawPredict',
      headers: { 'content-type': 'application/json' },
      body: {
        anthropic_version: 'vertex-2023-10-16',
        max_tokens: 5,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      },
      dropped: [],
    });
  });

  it('streams at a method of its own and says so in the body, too', () => {
    expect(render('anthropic-vertex', 'claude-sonnet-4-5', { stream: true })).toMatchObject({
      path: '/publishers/anthropic/models/claude-sonnet-4-5:streamRawPredict',
      body: { stream: true },
    });
  });

  it('lets no model name leave its place in the path', () => {
    expect(render('anthropic-vertex', '../../x?y').path).toBe(
      '/publishers/anthropic/models/..%2F..%2Fx%3Fy:rawPredict',
    );
  });
});

describe('Claude on Bedrock', () => {
  it('has model and streaming in the path and its version in the body', () => {
    const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    expect(render('anthropic-bedrock', model, { max_tokens: 5 })).toEqual({
      path: '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke',
      headers: { 'content-type': 'application/json' },
      body: {
        anthropic_version: 'bedrock-2023-05-31',
        max_tokens: 5,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hello' }] }],
      },
      dropped: [],
    });
    const streamed = render('anthropic-bedrock', model, { stream: true });
    expect(streamed.path).toBe(`/model/${encodeURIComponent(model)}/invoke-with-response-stream`);
    // Bedrock refuses the field.
    expect(streamed.body).not.toHaveProperty('stream');
  });
});

describe('Gemini on Vertex', () => {
  it.each(['gemini', 'openai-chat'] as const)(
    'never reads storage that the operator may read and the caller may not (%s)',
    (dialect) => {
      const fileUri = 'gs://bucket/secret.pdf';
      const body =
        dialect === 'gemini'
          ? {
              model: 'a/b',
              contents: [{ role: 'user', parts: [{ fileData: { mimeType: 'application/pdf', fileUri } }] }],
            }
          : { model: 'a/b', messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: fileUri } }] }] };
      const request = dialectOf(dialect).parseRequest(body);
      const target = { endpoint: endpointOf({ upstreamModel: 'gemini-2.5-flash' }) };
      expect(() => renderUpstream(request, body, dialect, 'gemini-vertex', target)).toThrow('Cloud Storage');
    },
  );

  it('sends the bodies of AI Studio to the models of its publisher', () => {
    const studio = render('gemini', 'gemini-2.5-flash');
    expect(render('gemini-vertex', 'gemini-2.5-flash')).toEqual({
      ...studio,
      path: '/publishers/google/models/gemini-2.5-flash:generateContent',
    });
    expect(render('gemini-vertex', 'gemini-2.5-flash', { stream: true }).path).toBe(
      '/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    );
  });
});

describe('a client of the same format', () => {
  const body = { model: 'm', max_tokens: 7, messages: [{ role: 'user', content: 'Hello' }], container: { id: 'c' } };

  it.each(['anthropic-vertex', 'anthropic-bedrock'] as const)('keeps its own body at %s', (protocol) => {
    const upstream = renderUpstream(
      dialectOf('anthropic-messages').parseRequest(body),
      body,
      'anthropic-messages',
      protocol,
      { endpoint: endpointOf() },
    );
    const { model: _model, ...rest } = body;
    expect(upstream.body).toEqual({ anthropic_version: expect.any(String), ...rest });
    expect(upstream.path).toContain('upstream-model');
  });
});
