import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import canonicalize from 'canonicalize';
import { jwkOf, publicPartOf, signingKeyOf } from './keys.js';
import type { ReceiptKeySet } from './keys.js';
import type { Receipt, SignedReceipt } from './receipt.js';

/** The bytes that are signed. */
export const signedBytes = (receipt: object): Buffer => Buffer.from(canonicalize(receipt) ?? '', 'utf8');

/** Signs receipts with the current key and publishes it, with those that signed before. */
export class ReceiptSigner {
  readonly keySet: ReceiptKeySet;
  private readonly key: KeyObject;
  private readonly kid: string;

  /**
   * @param seed 32 random bytes in base64url
   * @param retired public keys (`x`) that signed before: published so that old receipts can be verified
   * @throws RangeError for a key of another form
   */
  constructor(seed: string, retired: readonly string[] = []) {
    this.key = signingKeyOf(seed);
    const x = publicPartOf(this.key);
    const current = jwkOf(x);
    this.kid = current.kid;
    this.keySet = { keys: [current, ...retired.filter((old) => old !== x).map(jwkOf)] };
  }

  sign(receipt: Receipt): SignedReceipt {
    const value = sign(null, signedBytes(receipt), this.key).toString('base64url');
    return { receipt, signature: { alg: 'EdDSA', kid: this.kid, value } };
  }
}
