import { generateKeyPairSync } from 'node:crypto';
import { startTokenServer } from '../testing/google-tokens.js';
import { failureOfThrown } from '../upstream/failure.js';
import { createGoogleAuthorizer } from './google.js';
import { NotAuthorized } from './types.js';

const request = { method: 'POST', url: 'https://aiplatform.googleapis.com/v1/x', headers: {}, body: '{}' } as const;
const { signal } = new AbortController();

describe('tokens of Google', () => {
  let server: Awaited<ReturnType<typeof startTokenServer>>;
  const authorizer = (changes: Record<string, unknown> = {}) =>
    createGoogleAuthorizer({ credentials: server.credentials(changes) });

  beforeEach(async () => {
    server = await startTokenServer();
  });
  afterEach(() => server.close());

  it('are fetched with an assertion that the service account has signed', async () => {
    expect(await authorizer()(request, signal)).toEqual({ authorization: 'Bearer token-1' });
    expect(server.claims).toEqual([
      expect.objectContaining({
        iss: 'gateway@project.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/cloud-platform',
      }),
    ]);
  });

  it('are shared by all calls, also those that come while the first is fetched', async () => {
    const authorize = authorizer();
    const both = await Promise.all([authorize(request, signal), authorize(request, signal)]);
    const later = await authorize(request, signal);
    expect(new Set([...both, later].map(({ authorization }) => authorization))).toEqual(new Set(['Bearer token-1']));
    expect(server.claims).toHaveLength(1);
  });

  it('are renewed before they run out', async () => {
    const authorize = authorizer();
    // Less than the time before the end at which a token is renewed.
    server.behaviour.expiresInSeconds = 60;
    await authorize(request, signal);
    server.behaviour.expiresInSeconds = 3600;
    expect(await authorize(request, signal)).toEqual({ authorization: 'Bearer token-2' });
    expect(await authorize(request, signal)).toEqual({ authorization: 'Bearer token-2' });
  });

  it('are not given for the key of another', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const authorize = authorizer({ private_key: other.export({ type: 'pkcs8', format: 'pem' }) });
    await expect(authorize(request, signal)).rejects.toThrow(NotAuthorized);
  });

  it.each(['', '{}', 'nonsense', '{"type":"authorized_user"}'])(
    'are not asked for with credentials like %j',
    async (text) => {
      await expect(createGoogleAuthorizer({ credentials: text })(request, signal)).rejects.toThrow(NotAuthorized);
    },
  );

  it('are not asked for with a private key that is none', async () => {
    await expect(authorizer({ private_key: 'x' })(request, signal)).rejects.toThrow(NotAuthorized);
    expect(server.claims).toEqual([]);
  });

  it('are never asked for in the clear, except on this machine', async () => {
    await expect(authorizer({ token_uri: 'http://example.org/token' })(request, signal)).rejects.toThrow(NotAuthorized);
  });

  it('leave another provider its chance while Google cannot be asked, and quote nothing', async () => {
    server.behaviour.status = 503;
    const error: unknown = await authorizer()(request, signal).catch((caught: unknown) => caught);
    expect(error).not.toBeInstanceOf(NotAuthorized);
    expect(failureOfThrown(error, { dispatched: false, status: null, spoke: false })).toMatchObject({
      code: 'upstream_unreachable',
      retryable: true,
    });
    expect(String((error as Error).stack)).not.toContain('assertion');
    expect((error as Error).cause).toBeUndefined();
  }, 20_000);
});
