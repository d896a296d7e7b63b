import { createPrivateKey } from 'node:crypto';
import { JWT } from 'google-auth-library';
import { z } from 'zod';
import { NotAuthorized } from './types.js';
import type { Authorizer } from './types.js';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** How long before its end a token is renewed. Google's live for an hour. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** One attempt at a token. A call that needs it before ends at its own deadline, and leaves the token to the next one. */
const TOKEN_TIMEOUT_MS = 10_000;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const isSafe = (address: string): boolean => {
  const url = URL.parse(address);
  return url?.protocol === 'https:' || (url !== null && LOOPBACK.has(url.hostname));
};

function isPrivateKey(text: string): boolean {
  try {
    createPrivateKey(text);
    return true;
  } catch {
    return false;
  }
}

/** The JSON of a service account's key, as Google's console gives it out. */
const ServiceAccount = z.object({
  type: z.literal('service_account'),
  client_email: z.string().min(1),
  private_key: z.string().refine(isPrivateKey),
  private_key_id: z.string().optional(),
  token_uri: z.url().refine(isSafe).default('https://oauth2.googleapis.com/token'),
});
type ServiceAccount = z.output<typeof ServiceAccount>;

/**
 * Access tokens for a service account (developers.google.com/identity/protocols/oauth2/service-account), fetched by Google's own
 * library: all calls share one, which is renewed before it runs out.
 * @returns an authorizer that fails with NotAuthorized when the key cannot be read or Google refuses it
 */
export function createGoogleAuthorizer(settings: Readonly<Record<string, string>>): Authorizer {
  const account = readAccount(settings['credentials'] ?? '');
  if (!account) return () => Promise.reject(new NotAuthorized('credentials must be the JSON of a service account'));
  const client = createClient(account);
  return async () => {
    const token = await accessToken(client);
    return { authorization: `Bearer ${token}` };
  };
}

function readAccount(text: string): ServiceAccount | null {
  try {
    return ServiceAccount.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

const createClient = (account: ServiceAccount): JWT =>
  new JWT({
    email: account.client_email,
    key: account.private_key,
    ...(account.private_key_id && { keyId: account.private_key_id }),
    scopes: [SCOPE],
    eagerRefreshThresholdMillis: RENEW_BEFORE_MS,
    transporterOptions: {
      timeout: TOKEN_TIMEOUT_MS,
      // The library asks Google's own address whatever the key says; the key of another universe or of a test says its own.
      fetchImplementation: (_input, init) => fetch(account.token_uri, { ...init, redirect: 'error' }),
    },
  });

/** @throws NotAuthorized where Google refuses the key; what kept the request from Google passes through */
async function accessToken(client: JWT): Promise<string> {
  try {
    const { token } = await client.getAccessToken();
    if (token) return token;
  } catch (error) {
    const status = (error as { readonly status?: unknown } | null)?.status;
    // The library's error quotes its request, with the signed assertion in it, so nothing of it is kept.
    if (typeof status !== 'number' || status >= 500)
      throw new TokenUnreachable(`no token: ${typeof status === 'number' ? status : 'no answer'}`);
  }
  throw new NotAuthorized('Google gave no token for the service account');
}

/** Google could not be asked for a token: nothing is known about the credentials, and another provider may do. */
class TokenUnreachable extends Error {
  override readonly name = 'TokenUnreachable';
}
