import type { FastifyRequest } from 'fastify';
import { callerOf } from '../callers/caller.js';
import { fingerprintOf } from './fingerprint.js';
import { idempotencyKeyOf } from './idempotency-key.js';

/** A generation's wish to be the only one under its client's key. */
export class Claim {
  private used = false;

  constructor(
    readonly keyId: string,
    readonly key: string,
    readonly fingerprint: string,
    readonly generationId: string,
  ) {}

  /** Something was used under it, or may have been: the key stays this generation's. */
  keep(): void {
    this.used = true;
  }
  get kept(): boolean {
    return this.used;
  }
}

/** What the client of a request wants; null when it sent no `Idempotency-Key`. @throws GatewayError `invalid_request` */
export function claimOf(request: FastifyRequest, generationId: string): Claim | null {
  const key = idempotencyKeyOf(request.headers);
  if (key === null) return null;
  return new Claim(callerOf(request).key.id, key, fingerprintOf(request), generationId);
}
