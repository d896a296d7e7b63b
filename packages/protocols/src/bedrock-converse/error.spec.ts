import { protocolOf } from '../index.js';
import { parseError } from './error.js';
import { bedrockConverse } from './index.js';
import { encodeEvent, encodeException, encodeMessage } from '../testing/event-stream.js';
import { collectStream } from '../testing/collect.js';
import { cut } from '../testing/chunks.js';

const header = (name: string) => ({
  'x-amzn-errortype': `${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`,
});
const body = (message: string, more: object = {}) => JSON.stringify({ message, ...more });

describe('errors of Amazon Bedrock', () => {
  it.each([
    [400, 'ValidationException', 'Input is too long for requested model.', 'context_length_exceeded'],
    [400, 'ValidationException', 'prompt is too long: 210000 tokens > 200000 maximum', 'context_length_exceeded'],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'upstream_not_found'],
    [
      400,
      'ValidationException',
      'Invocation of model ID x with on-demand throughput isn’t supported.',
      'upstream_not_found',
    ],
    [400, 'ValidationException', 'Malformed input request: extraneous key', 'upstream_rejected'],
    [403, 'AccessDeniedException', "You don't have access to the model with the specified model ID.", 'upstream_auth'],
    [403, 'UnrecognizedClientException', 'The security token included in the request is invalid.', 'upstream_auth'],
    [403, 'ExpiredTokenException', 'The security token included in the request is expired', 'upstream_auth'],
    [404, 'ResourceNotFoundException', 'Could not resolve the foundation model', 'upstream_not_found'],
    [408, 'ModelTimeoutException', 'The request took too long to process.', 'upstream_timeout'],
    [429, 'ThrottlingException', 'Too many requests, please wait before trying again.', 'upstream_rate_limited'],
    [429, 'ModelNotReadyException', 'Model is not ready for inference.', 'upstream_overloaded'],
    [400, 'ServiceQuotaExceededException', 'Your request exceeds the service quota.', 'upstream_rate_limited'],
    [500, 'InternalServerException', 'The system encountered an unexpected error.', 'upstream_error'],
    [503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.', 'upstream_overloaded'],
  ])('%d %s: %s', (status, name, message, code) => {
    expect(parseError(status, header(name), body(message))).toMatchObject({
      code,
      providerCode: name,
      raw: body(message),
    });
  });

  it.each([
    [408, 'upstream_timeout'],
    [500, 'upstream_error'],
    [429, 'upstream_rate_limited'],
    [undefined, 'upstream_error'],
  ])('of a model that said %s are judged by that', (originalStatusCode, code) => {
    expect(parseError(424, header('ModelErrorException'), body('The model failed.', { originalStatusCode })).code).toBe(
      code,
    );
  });

  it('are the same where Claude answers in its own format', () => {
    const claude = protocolOf('anthropic-bedrock');
    const missing = body('The provided model identifier is invalid.');
    expect(claude.parseError(400, header('ValidationException'), missing).code).toBe('upstream_not_found');
    expect(
      claude.parseError(424, header('ModelErrorException'), body('It failed.', { originalStatusCode: 408 })).code,
    ).toBe('upstream_timeout');
  });

  it('are named in the body, too, and may not be named at all', () => {
    const named = JSON.stringify({ __type: 'com.amazon.coral.service#ThrottlingException', Message: 'Rate exceeded' });
    expect(parseError(400, {}, named)).toMatchObject({
      code: 'upstream_rate_limited',
      providerCode: 'ThrottlingException',
    });
    expect(parseError(403, {}, '{"Message":"User is not authorized to perform: bedrock:InvokeModel"}').code).toBe(
      'upstream_auth',
    );
    expect(parseError(503, {}, '<html>Service Unavailable</html>').code).toBe('upstream_overloaded');
  });
});

describe('exceptions in a stream', () => {
  const half = Buffer.concat([
    encodeEvent('messageStart', { role: 'assistant' }),
    encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Half' } }),
  ]);
  const read = (end: Buffer) => collectStream(bedrockConverse.parseStream(cut(Buffer.concat([half, end]), [7])));

  it.each([
    ['internalServerException', 'upstream_error'],
    ['modelStreamErrorException', 'upstream_error'],
    ['serviceUnavailableException', 'upstream_overloaded'],
    ['throttlingException', 'upstream_rate_limited'],
    ['validationException', 'upstream_rejected'],
    ['modelTimeoutException', 'upstream_timeout'],
    ['somethingNewException', 'upstream_error'],
  ])('%s', async (name, code) => {
    const collected = await read(encodeException(name, 'It ended.'));
    expect(collected).toMatchObject({ text: 'Half', finish: null, failure: { code } });
  });

  it('that are no exceptions but errors of the transport end it as well', async () => {
    const headers = {
      ':message-type': 'error',
      ':error-code': 'InternalFailure',
      ':error-message': 'An internal error.',
    };
    expect((await read(encodeMessage({ headers, payload: undefined }))).failure).toMatchObject({
      code: 'upstream_error',
      providerCode: 'InternalFailure',
    });
  });
});
