import { createPublicKey, verify } from 'node:crypto';
import { ReceiptKeySet, thumbprintOf } from './keys.js';
import { SignedReceipt } from './receipt.js';
import type { Receipt } from './receipt.js';
import { signedBytes } from './sign.js';

/** What became of a verification; `problem` is a sentence for people. */
export type Verification =
  | { readonly valid: true; readonly receipt: Receipt; readonly kid: string }
  | { readonly valid: false; readonly problem: string };

const invalid = (problem: string): Verification => ({ valid: false, problem });

/** Checks a signed receipt against public keys. Both may be anything that JSON can hold; never throws. */
export function verifyReceipt(document: unknown, keys: unknown): Verification {
  const signed = SignedReceipt.safeParse(document);
  if (!signed.success) return invalid(`This is not a signed receipt: ${placesOf(signed.error.issues)}.`);
  const keySet = ReceiptKeySet.safeParse(keys);
  if (!keySet.success) return invalid(`These are not public keys of receipts: ${placesOf(keySet.error.issues)}.`);
  const { receipt, signature } = signed.data;
  // Names are worked out anew: a key set that calls a foreign key by a known name must not be believed.
  const jwk = keySet.data.keys.find(({ x }) => thumbprintOf(x) === signature.kid);
  if (!jwk) return invalid(`The key ${signature.kid} that signed it is not among the public keys.`);
  const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
  const bytes = Buffer.from(signature.value, 'base64url');
  // One signature has one text: what decodes to the same bytes in another way is not what was issued.
  const genuine = bytes.toString('base64url') === signature.value && verify(null, signedBytes(receipt), key, bytes);
  return genuine ? { valid: true, receipt, kid: signature.kid } : invalid('The signature does not fit the receipt.');
}

const placesOf = (issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string =>
  issues.map(({ path, message }) => `${path.map(String).join('.') || 'it'}: ${message}`).join('; ');
