import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets, readJson } from '@switchyard/bus';
import type { RunningWatch } from '@switchyard/bus';
import { CATALOGUE_BUCKET } from '@switchyard/contracts';
import { z } from 'zod';
import { Roster } from './roster.js';

/** All that the prober needs of a catalogue entry: whatever else is in it may be new, or broken. */
const RosterEntry = z.object({ id: z.string(), endpoints: z.array(z.object({ id: z.string() })) });

/** Keeps the roster as the catalogue is. */
@Injectable()
export class RosterWatcher implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(RosterWatcher.name);
  private watch: RunningWatch | undefined;

  constructor(
    private readonly kv: KvBuckets,
    private readonly roster: Roster,
  ) {}

  onModuleInit(): void {
    this.watch = this.kv.follow(CATALOGUE_BUCKET, {
      onEntry: (key, value) => (value ? this.put(key, value) : this.roster.remove(key)),
      onBroken: (key, { message }) =>
        this.logger.warn(`catalogue entry ${key} is broken, its last good version stays: ${message}`),
      onReplayed: (keys) => this.forgetAllBut(keys),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.watch?.stop();
  }

  private put(key: string, value: Uint8Array): void {
    const { id, endpoints } = readJson(RosterEntry, value);
    this.roster.put(
      key,
      id,
      endpoints.map((endpoint) => endpoint.id),
    );
  }

  private forgetAllBut(keys: ReadonlySet<string>): void {
    // An empty bucket means a broker that lost its store, not a catalogue without models.
    if (keys.size === 0) return;
    for (const key of this.roster.keys()) if (!keys.has(key)) this.roster.remove(key);
  }
}
