import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { KeyPepper } from './api-key.js';
import type { OwnKeyFee } from './v1/generation.js';
import { Price } from './v1/price.js';

/** TICKET_SECRET of edges and ledger (the same for all): random as a pepper is, and refused where it looks like an example. */
export const TicketSecret = KeyPepper;

/** What an edge vouches for when it admits a generation on one endpoint. */
export interface AdmissionClaim {
  readonly generationId: string;
  readonly leaseId: string;
  readonly accountId: string;
  readonly keyId: string;
  readonly edgeEpoch: string;
  readonly endpointId: string;
  readonly boundNanos: bigint;
  readonly admittedAtMs: number;
  readonly price: Price;
  readonly ownKey: OwnKeyFee | null;
}

/**
 * Makes and checks admission tickets: an HMAC-SHA-256 under a key that only edges and the ledger know, one for each life of an
 * edge. So a worker, which handles what providers send, can charge no foreign lease, no other price and nothing above the
 * bound, and can invent no generation.
 */
export class AdmissionTickets {
  // Key objects: bytes would be made into one for every ticket, which costs several times the digest.
  private readonly keys = new Map<string, KeyObject>();
  private readonly prices = new WeakMap<Price, string>();

  /** @param secret at least 32 random characters, the same at every edge and every ledger of an installation */
  constructor(private readonly secret: string) {}

  /** The ticket in base64url. */
  issue(claim: AdmissionClaim): string {
    return this.mac(claim).toString('base64url');
  }

  isGenuine(ticket: string, claim: AdmissionClaim): boolean {
    const given = Buffer.from(ticket, 'base64url');
    const expected = this.mac(claim);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private mac(claim: AdmissionClaim): Buffer {
    // None of the parts can hold a line break, so no two claims have the same text.
    const text = [
      claim.generationId,
      claim.leaseId,
      claim.accountId,
      claim.keyId,
      claim.endpointId,
      claim.boundNanos,
      claim.admittedAtMs,
      this.digestOf(claim.price),
      claim.ownKey?.feePpm ?? '',
    ].join('\n');
    return createHmac('sha256', this.keyOf(claim.edgeEpoch)).update(text).digest();
  }

  private keyOf(edgeEpoch: string): KeyObject {
    let key = this.keys.get(edgeEpoch);
    if (!key) {
      // Epochs of dead edges would pile up in a ledger that runs for months.
      if (this.keys.size >= MAX_KEYS) this.keys.clear();
      key = createSecretKey(createHmac('sha256', this.secret).update(`admission\n${edgeEpoch}`).digest());
      this.keys.set(edgeEpoch, key);
    }
    return key;
  }

  private digestOf(price: Price): string {
    let digest = this.prices.get(price);
    if (digest === undefined) {
      digest = createHash('sha256')
        .update(canonicalJson(z.encode(Price, price)))
        .digest('base64url');
      this.prices.set(price, digest);
    }
    return digest;
  }
}

const MAX_KEYS = 1_000;

/** JSON with sorted keys: the same price has the same text wherever it was decoded. */
const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
