import { Injectable } from '@nestjs/common';

const MAX_REMEMBERED = 100_000;

/**
 * The attempts that this process has begun. The claim of the data plane gives an attempt to one worker; this is the second lock,
 * against a call that is delivered twice: an attempt never becomes two calls of a provider.
 */
@Injectable()
export class ServedAttempts {
  private readonly begun = new Set<string>();

  /** True for the first time. */
  begin(generationId: string, attempt: number): boolean {
    const key = `${generationId}/${attempt}`;
    if (this.begun.has(key)) return false;
    this.begun.add(key);
    if (this.begun.size > MAX_REMEMBERED) {
      const [oldest] = this.begun;
      if (oldest !== undefined) this.begun.delete(oldest);
    }
    return true;
  }
}
