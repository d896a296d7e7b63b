/** What the core needs from the world; a process gives it NATS and the monotonic clock, the simulation gives it fakes. */
export interface Scheduler {
  /** Monotonic. */
  nowMs(): number;
  /** Runs at the end of this turn of the event loop. */
  soon(run: () => void): void;
  /** Runs when what was published in this turn has left. */
  afterTurn(run: () => void): void;
  after(delayMs: number, run: () => void): void;
}

/** One connection. All frames of a stream go through one, because the broker keeps order only within a connection. */
export interface Port {
  /** Random name of the connection, the token under which the other side reaches it. */
  readonly address: string;
  readonly connected: boolean;
  /** When the present state (connected or not) began. */
  readonly changedAtMs: number;
  /** Sends and forgets. Says nothing when the connection is away: what must arrive is replayed from a ring. */
  publish(subject: string, payload: Uint8Array, reply?: string): void;
}

/** What was dropped or repaired. A healthy system shows zeros in all but `resumed` and `duplicates` after a broker restart, and `late` where it is too slow. */
export interface StreamCounters {
  /** Not a frame, a wrong length, an unknown type, meta that is not JSON. */
  malformed: number;
  /** Frames for a stream that is not there: late, replayed, guessed, or of a worker that was not chosen. */
  stray: number;
  duplicates: number;
  /** Calls that came to a worker after the time by which it may begin without asking. */
  late: number;
  gaps: number;
  resumed: number;
  /** Well-formed, but not allowed now: data before `head`, more than the window, an acknowledgement of bytes never sent. */
  violations: number;
  /** Handlers or callbacks that threw where nothing may throw. */
  faults: number;
  /** Pings of silent workers that were answered, that were not in time, and that proved the worker dead. */
  probesAlive: number;
  probesSuspect: number;
  probesDead: number;
}

export const newCounters = (): StreamCounters => ({
  malformed: 0,
  stray: 0,
  duplicates: 0,
  late: 0,
  gaps: 0,
  resumed: 0,
  violations: 0,
  faults: 0,
  probesAlive: 0,
  probesSuspect: 0,
  probesDead: 0,
});
