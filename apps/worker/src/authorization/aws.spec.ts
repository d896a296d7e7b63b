import { expectedSignature, signatureOf } from '../testing/aws-signature.js';
import type { SignedRequest } from '../testing/aws-signature.js';
import { createAwsAuthorizer } from './aws.js';
import { NotAuthorized } from './types.js';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const settings = { region: 'eu-central-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };
const { signal } = new AbortController();
const now = () => new Date('2026-11-22T12:00:00Z');

async function signed(
  body: string,
  changes: Record<string, string> = {},
  path = '/model/a.b-v1%3A0/converse',
): Promise<SignedRequest> {
  const headers = { 'content-type': 'application/json' };
  const host = 'bedrock-runtime.eu-central-1.amazonaws.com';
  const authorize = createAwsAuthorizer('bedrock', { ...settings, ...changes }, now);
  const added = await authorize({ method: 'POST', url: `https://${host}${path}`, headers, body }, signal);
  return { method: 'POST', target: path, headers: { ...headers, ...added, host }, body };
}

describe('AWS signatures', () => {
  it('are checked here as in the first example of AWS’s own test suite', () => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=';
    const headers = { authorization, host: 'example.amazonaws.com', 'x-amz-date': '20150830T123600Z' };
    expect(expectedSignature({ method: 'GET', target: '/', headers, body: '' }, SECRET)).toBe(
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    );
  });

  it.each([
    ['', '/model/plain/converse'],
    ['{"a":"Grüße, 世界"}', '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream'],
    ['{}', '/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Aprofile%2Fx/converse?b=2&a=1'],
  ])('are what AWS computes for %j at %s', async (body, path) => {
    const request = await signed(body, {}, path);
    expect(signatureOf(request)).toBe(expectedSignature(request, SECRET));
    expect(request.headers).toMatchObject({ 'x-amz-date': '20261122T120000Z' });
    expect(request.headers['authorization']).toContain('/20261122/eu-central-1/bedrock/aws4_request');
  });

  it('cover the body, the host and the token of temporary credentials', async () => {
    const request = await signed('{"max":1}', { sessionToken: 'session' });
    expect(request.headers['x-amz-security-token']).toBe('session');
    expect(request.headers['authorization']).toContain('host;x-amz-content-sha256;x-amz-date;x-amz-security-token');
    for (const forged of [
      { ...request, body: '{"max":2}' },
      { ...request, headers: { ...request.headers, host: 'example.org' } },
      { ...request, headers: { ...request.headers, 'x-amz-security-token': 'other' } },
    ])
      expect(expectedSignature(forged, SECRET)).not.toBe(signatureOf(request));
  });

  it('never name the secret', async () => {
    expect(JSON.stringify((await signed('{}')).headers)).not.toContain(SECRET);
  });

  it('cannot be made without credentials', async () => {
    await expect(signed('{}', { secretAccessKey: '' })).rejects.toThrow(NotAuthorized);
  });
});
