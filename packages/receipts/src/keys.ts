import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';

const KEY_BYTES = 32;
/** PKCS #8 of an Ed25519 key, before its 32 bytes (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A public key as others read it (RFC 8037). */
export const ReceiptJwk = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[\w-]{43}$/),
  kid: z.string().optional(),
});
export type ReceiptJwk = z.output<typeof ReceiptJwk>;

/** The public keys of an installation, the current one first. */
export const ReceiptKeySet = z.looseObject({ keys: z.array(ReceiptJwk).max(1_000) });
export type ReceiptKeySet = z.output<typeof ReceiptKeySet>;

/** @throws RangeError for anything but 32 bytes in base64url. */
export function signingKeyOf(seed: string): KeyObject {
  const bytes = Buffer.from(seed, 'base64url');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64url') !== seed)
    throw new RangeError('a signing key is 32 bytes in base64url');
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, bytes]), format: 'der', type: 'pkcs8' });
}

/** The thumbprint of a key (RFC 7638): its name follows from the key, so that no two keys have one name. */
export const thumbprintOf = (x: string): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');

/** `x` of the public half. */
export function publicPartOf(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new RangeError('not an Ed25519 key');
  return x;
}

export const jwkOf = (x: string) =>
  ({ kty: 'OKP', crv: 'Ed25519', x, kid: thumbprintOf(x), use: 'sig', alg: 'EdDSA' }) as const;
