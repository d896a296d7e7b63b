/**
 * Counts missed heartbeats of the processes that we have streams with. It counts its own ticks and not the clock, so a
 * process that was itself asleep or cut off does not wake up and bury everybody.
 */
export class Liveness {
  private readonly peers = new Map<string, { streams: number; missed: number }>();

  constructor(private readonly missedBeats: number) {}

  watch(peer: string): void {
    const known = this.peers.get(peer);
    if (known) known.streams += 1;
    else this.peers.set(peer, { streams: 1, missed: 0 });
  }

  unwatch(peer: string): void {
    const known = this.peers.get(peer);
    if (!known) return;
    known.streams -= 1;
    if (known.streams === 0) this.peers.delete(peer);
  }

  beat(peer: string): void {
    const known = this.peers.get(peer);
    if (known) known.missed = 0;
  }

  /** One interval has passed with a connection; the peers that are dead now. */
  tick(): string[] {
    const dead: string[] = [];
    for (const [peer, known] of this.peers) {
      known.missed += 1;
      // The interval that is running when a peer is first watched is not a whole one, hence "more than".
      if (known.missed > this.missedBeats) dead.push(peer);
    }
    return dead;
  }

  /** A connection was away: silence until now proves nothing. */
  reset(): void {
    for (const known of this.peers.values()) known.missed = 0;
  }
}
