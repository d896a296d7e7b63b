/** Unix milliseconds that never jump: the start of the process by the wall clock, and since then the monotonic one. */
export class Clock {
  nowMs(): number {
    return Math.floor(performance.timeOrigin + performance.now());
  }
}
