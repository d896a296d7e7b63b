import { Injectable } from '@nestjs/common';
import { StreamClient } from '@switchyard/bus';
import { GatewayError } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { EdgeConfig } from '../config.js';

/** Whether this process can take more: generations that run, and the lag of the event loop. */
@Injectable()
export class LoadService {
  private running = 0;

  constructor(
    private readonly streams: StreamClient,
    private readonly config: EdgeConfig,
  ) {}

  get runningGenerations(): number {
    return this.running;
  }

  /** @throws GatewayError `overloaded`: shed before the broker cuts a process that is too slow to read. */
  assertRoom(): void {
    if (this.streams.overloaded || this.running >= this.config.MAX_GENERATIONS)
      throw new GatewayError('overloaded', { retryAfterMs: 1_000 });
  }

  /** Counts a generation until the answer is called. */
  enter(): () => void {
    this.running += 1;
    instruments.streamsInFlight.add(1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.running -= 1;
      instruments.streamsInFlight.add(-1);
    };
  }
}
