/** Marks of one attempt on the monotonic clock, milliseconds from its start. */
export class Timing {
  private readonly startedAtMs = performance.now();
  headersMs: number | null = null;
  firstTokenMs: number | null = null;

  headers(): void {
    this.headersMs = this.elapsed();
  }

  firstToken(): void {
    this.firstTokenMs ??= this.elapsed();
  }

  /** To a tenth of a millisecond: what a receipt shows. */
  elapsed(): number {
    return Math.round((performance.now() - this.startedAtMs) * 10) / 10;
  }
}
