import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { VaultKind } from '@switchyard/contracts';
import { LRUCache } from 'lru-cache';

/** Whose entry it is: keys and addresses are derived from it, so that no two of them ever meet. */
export interface Tenant {
  readonly accountId: string;
  readonly kind: VaultKind;
  /** The API key that alone may read it; null for all of the account. */
  readonly keyId: string | null;
}

/** Which part of which entry: bound to its ciphertext, so that nothing can be put in its place. */
export interface PartPlace extends Tenant {
  readonly address: string;
  readonly entryId: string;
  readonly number: number;
  readonly parts: number;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const SALT = 'switchyard vault';
const MAX_TENANTS = 10_000;

interface TenantKeys {
  readonly sealing: Buffer;
  readonly addressing: Buffer;
}

/** What {@link Sealer.seal} adds to a part, bytes. */
export const SEAL_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** Seals what goes into the vault: AES-256-GCM under a key of the tenant alone, derived from the secret of the installation. */
export class Sealer {
  private readonly tenants = new LRUCache<string, TenantKeys>({ max: MAX_TENANTS });

  constructor(private readonly secret: string) {}

  /** A digest that only the holder of the secret can make: an address does not even tell whether a guessed prompt was asked. */
  address(tenant: Tenant, parts: readonly string[]): string {
    const hmac = createHmac('sha256', this.keysOf(tenant).addressing);
    // Lengths first, so that no two lists of parts are the same bytes.
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    return hmac.digest('hex');
  }

  seal(place: PartPlace, plain: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keysOf(place).sealing, nonce);
    cipher.setAAD(authenticatedOf(place));
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Null for what was not sealed for this very place under this secret. */
  open(place: PartPlace, sealed: Buffer): Buffer | null {
    if (sealed.byteLength < SEAL_BYTES || sealed[0] !== VERSION) return null;
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.keysOf(place).sealing, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(authenticatedOf(place));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch {
      return null;
    }
  }

  private keysOf(tenant: Tenant): TenantKeys {
    const name = nameOf(tenant);
    const known = this.tenants.get(name);
    if (known) return known;
    const derive = (purpose: string) =>
      Buffer.from(hkdfSync('sha256', this.secret, SALT, `v${VERSION}\n${purpose}\n${name}`, KEY_BYTES));
    const keys = { sealing: derive('seal'), addressing: derive('address') };
    this.tenants.set(name, keys);
    return keys;
  }
}

const nameOf = ({ kind, accountId, keyId }: Tenant): string => `${kind}\n${accountId}\n${keyId ?? '*'}`;

const authenticatedOf = (place: PartPlace): Buffer =>
  Buffer.from(
    [`v${VERSION}`, nameOf(place), place.address, place.entryId, `${place.number}/${place.parts}`].join('\n'),
  );
