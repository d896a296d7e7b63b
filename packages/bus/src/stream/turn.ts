/**
 * What is left for the end of this turn of the event loop, when everything that had come has been dealt with. Work that such work leaves
 * belongs to the same end, so that bytes which are gathered by stream, then by edge, then by connection do not take three turns.
 */
export class Turn {
  private work: (() => void)[] = [];
  private planned = false;

  end(run: () => void): void {
    this.work.push(run);
    if (this.planned) return;
    this.planned = true;
    setImmediate(() => this.run());
  }

  private run(): void {
    const { work } = this;
    // Grows while it is gone through.
    for (const run of work) {
      try {
        run();
      } catch (error) {
        // The others are not to suffer; it ends where it would have ended by itself.
        setImmediate(() => {
          throw error;
        });
      }
    }
    this.work = [];
    this.planned = false;
  }
}
