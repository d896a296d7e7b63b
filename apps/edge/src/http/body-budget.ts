import { GatewayError } from '@switchyard/contracts';

/** Bytes of request bodies in this process, counted from their announcement: memory is admitted by bytes and not by requests. */
export class BodyBudget {
  private used = 0;

  constructor(private readonly capacityBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  /** Takes room for a body; answers what gives it back, once. @throws GatewayError `overloaded` */
  take(bytes: number): () => void {
    if (this.used + bytes > this.capacityBytes) throw new GatewayError('overloaded', { retryAfterMs: 1_000 });
    this.used += bytes;
    let taken = bytes;
    return () => {
      this.used -= taken;
      taken = 0;
    };
  }
}
