import { createVerify, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a token endpoint does with the next requests. */
export interface TokenBehaviour {
  status: number;
  expiresInSeconds: number;
}

/** A token endpoint over real HTTP that gives tokens only for assertions which the account's key has signed. */
export async function startTokenServer() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const behaviour: TokenBehaviour = { status: 200, expiresInSeconds: 3600 };
  const claims: Record<string, unknown>[] = [];
  let given = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const assertion = new URLSearchParams(Buffer.concat(chunks).toString()).get('assertion') ?? '';
      const [head = '', body = '', signature = ''] = assertion.split('.');
      const verifier = createVerify('RSA-SHA256').update(`${head}.${body}`);
      const isGenuine = verifier.verify(publicKey, Buffer.from(signature, 'base64url'));
      claims.push(JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>);
      const status = isGenuine ? behaviour.status : 400;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          status === 200
            ? { access_token: `token-${++given}`, expires_in: behaviour.expiresInSeconds, token_type: 'Bearer' }
            : { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
        ),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const credentials = (changes: Record<string, unknown> = {}): string =>
    JSON.stringify({
      type: 'service_account',
      client_email: 'gateway@project.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      private_key_id: 'k1',
      token_uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      ...changes,
    });
  return {
    behaviour,
    claims,
    credentials,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
