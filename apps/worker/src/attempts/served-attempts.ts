import { Injectable } from '@nestjs/common';

/** So many attempts are remembered at least, and twice as many at most. */
const MIN_REMEMBERED = 50_000;

/**
 * The attempts that this process has begun. The claim of the data plane gives an attempt to one worker; this is the second lock,
 * against a call that is delivered twice: an attempt never becomes two calls of a provider.
 */
@Injectable()
export class ServedAttempts {
  private begun = new Set<string>();
  /** Forgotten all at once: a set whose oldest entries are deleted one by one is searched through their holes every time. */
  private before: ReadonlySet<string> = new Set();

  /** True for the first time. */
  begin(generationId: string, attempt: number): boolean {
    const key = `${generationId}/${attempt}`;
    if (this.begun.has(key) || this.before.has(key)) return false;
    this.begun.add(key);
    if (this.begun.size >= MIN_REMEMBERED) {
      this.before = this.begun;
      this.begun = new Set();
    }
    return true;
  }
}
