import { ERROR_CODES, GatewayError } from '@switchyard/contracts';
import { context } from '../../testing/builders.js';
import { chunk, eventsOf } from '../../testing/client-schemas.js';
import { dialectOf } from '../../index.js';

const dialect = dialectOf('openai-chat');

describe('errors of the chat dialect', () => {
  it.each(ERROR_CODES)('%s has an integer code, the documented word and our stable code', (code) => {
    const error = new GatewayError(code);
    const { status, body } = dialect.renderError(error);
    expect(status).toBe(error.definition.status);
    expect(body).toEqual({
      error: { code: status, message: error.message, metadata: { error_type: error.definition.type, code } },
    });
  });

  it('keeps facts, but lets none replace the type or the code', () => {
    const error = new GatewayError('upstream_error', { metadata: { raw: 'x', error_type: 'fake', code: 'fake' } });
    expect(dialect.renderError(error).body).toMatchObject({
      error: { metadata: { raw: 'x', error_type: 'provider_unavailable', code: 'upstream_error' } },
    });
  });

  it('rounds the wait up to whole seconds', () => {
    expect(dialect.renderError(new GatewayError('overloaded', { retryAfterMs: 1001 })).headers).toEqual({
      'retry-after': '2',
    });
    expect(dialect.renderError(new GatewayError('overloaded')).headers).toEqual({});
  });

  it('ends a stream with one error chunk that clients accept, and [DONE]', () => {
    const bytes = dialect.renderStreamError(new GatewayError('upstream_disconnected'), context);
    const [event, done, ...rest] = eventsOf(bytes);
    expect(chunk.parse(event)).toMatchObject({
      id: context.generationId,
      choices: [{ delta: { content: '' }, finish_reason: 'error' }],
      error: { code: 502, message: 'Provider disconnected', metadata: { error_type: 'provider_unavailable' } },
    });
    expect([done, rest]).toEqual(['[DONE]', []]);
  });

  it('keeps connections alive with a comment', () => {
    expect(Buffer.from(dialect.keepAlive).toString()).toBe(': OPENROUTER PROCESSING\n\n');
  });
});
