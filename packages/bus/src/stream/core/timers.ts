/**
 * Every timer of the data plane in one place, milliseconds. Tests shorten single ones; a process runs with these.
 */
export interface StreamTimers {
  /** How often deadlines are looked at; every other timer is exact to this. */
  readonly tickMs: number;
  /** How long an edge waits for the first word of a worker before it asks others. */
  readonly acceptMs: number;
  /** A claim that never gets its `go` is given up: the edge chose another worker or is gone. */
  readonly claimMs: number;
  /** A worker that was named may begin without asking for as long after the edge has called. Less than `acceptMs` by what a word of it takes. */
  readonly startMs: number;
  /** Then it says that it has begun, if it has nothing else to say, after this. */
  readonly signMs: number;
  readonly workerBeatMs: number;
  readonly edgeBeatMs: number;
  /** Missing heartbeats after which a process counts as dead. */
  readonly missedBeats: number;
  /** The same for a worker whose streams have begun: nobody else can go on with them, so a starved machine gets more time. */
  readonly missedBeatsInStream: number;
  /** Silence after which a stream is probed: before its first frame, where a fallback is still possible, and after it. */
  readonly firstProbeMs: number;
  readonly probeMs: number;
  readonly pingTimeoutMs: number;
  /** Between a ping that timed out and the next one. */
  readonly pingPauseMs: number;
  /** Pings without answer after which a worker counts as dead: before the head, where the next one can serve, and after it. */
  readonly missedPings: number;
  readonly missedPingsInStream: number;
  /** After a reconnect the other side may still be on its way back, so that silence of the broker proves nothing. */
  readonly reconnectGraceMs: number;
  /** A second `resume` for the same gap is not sent sooner. */
  readonly resumeMs: number;
  /** Between beats inside a stream. */
  readonly streamBeatMs: number;
  /** Longest wait of a data byte for company. */
  readonly coalesceMs: number;
  /** Longest wait of a frame with data for frames of other streams. */
  readonly packMs: number;
  /** How long finished frames stay replayable, and their confirmation is asked for. */
  readonly retainMs: number;
  /** Between two questions of a worker for the confirmation of a finished stream. */
  readonly confirmAskMs: number;
  /** A stream whose connection is away for longer is lost. */
  readonly streamLostMs: number;
  /** A client that takes nothing for this long while data waits is cut. */
  readonly slowClientMs: number;
  /** Between two `cancel` of the same stream. */
  readonly cancelResendMs: number;
  /** How long `cancel` waits for the worker to say how the stream ended. */
  readonly cancelMs: number;
  /** A body of which no chunk arrives for this long is given up. */
  readonly bodyIdleMs: number;
  /** At start, how long a process waits for its first connection before it goes on connecting in the background. */
  readonly connectMs: number;
  /** How long finished streams may wait for their confirmation when a worker stops. */
  readonly confirmMs: number;
  /** How long handlers get to end after the drain deadline aborted them. */
  readonly abortGraceMs: number;
  /** Drain deadline of a plain `close()`. */
  readonly closeMs: number;
}

export const STREAM_TIMERS: StreamTimers = {
  tickMs: 50,
  acceptMs: 250,
  claimMs: 2_000,
  startMs: 100,
  signMs: 25,
  workerBeatMs: 1_000,
  edgeBeatMs: 2_000,
  missedBeats: 3,
  missedBeatsInStream: 5,
  firstProbeMs: 500,
  probeMs: 1_500,
  pingTimeoutMs: 300,
  pingPauseMs: 500,
  missedPings: 3,
  missedPingsInStream: 6,
  reconnectGraceMs: 5_000,
  resumeMs: 200,
  streamBeatMs: 5_000,
  coalesceMs: 8,
  packMs: 4,
  retainMs: 30_000,
  confirmAskMs: 1_000,
  streamLostMs: 12_000,
  slowClientMs: 60_000,
  cancelResendMs: 1_000,
  cancelMs: 30_000,
  bodyIdleMs: 10_000,
  connectMs: 5_000,
  confirmMs: 2_000,
  abortGraceMs: 2_000,
  closeMs: 5_000,
};

export const withTimers = (overrides: Partial<StreamTimers> = {}): StreamTimers => ({ ...STREAM_TIMERS, ...overrides });
