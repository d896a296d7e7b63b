import type { Verdict } from './edge-host.js';

/**
 * How the streams of the last while ended, for workers that ask because the confirmation got lost. Two generations of ids: a turn
 * forgets the older one, so an id is known for one to two turns. Turns count time with a connection only, because a worker that is
 * cut off asks later; meanwhile nothing new begins, so that the number of ids stays bounded.
 */
export class EndedStreams {
  private recent = new Map<string, Verdict>();
  private older = new Map<string, Verdict>();

  remember(id: string, verdict: Verdict): void {
    this.recent.set(id, verdict);
  }

  verdictOf(id: string): Verdict | undefined {
    return this.recent.get(id) ?? this.older.get(id);
  }

  turn(): void {
    this.older = this.recent;
    this.recent = new Map();
  }
}
