import { Inject, Injectable } from '@nestjs/common';
import { StreamClient } from '@switchyard/bus';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { HealthStore } from '../health/health.store.js';
import { HistoryStore } from './history.store.js';
import { statusPage } from './status-page.js';
import { statusReport } from './status-report.js';

/** Whoever asks sooner gets the same: anyone may ask, and it is made of the whole catalogue. */
export const FRESH_MS = 5_000;

interface Rendered {
  readonly atMs: number;
  readonly json: Buffer;
  readonly page: Buffer;
}

/** What works, for anyone who asks. */
@Injectable()
export class StatusService {
  private last: Rendered | null = null;

  constructor(
    private readonly catalogue: CatalogueStore,
    private readonly health: HealthStore,
    private readonly histories: HistoryStore,
    @Inject(StreamClient) private readonly streams: Pick<StreamClient, 'servedProviders'>,
  ) {}

  json(): Buffer {
    return this.render().json;
  }

  page(): Buffer {
    return this.render().page;
  }

  private render(): Rendered {
    const monotonicMs = this.health.nowMs();
    if (this.last && monotonicMs - this.last.atMs < FRESH_MS) return this.last;
    const report = statusReport({
      models: this.catalogue.models(),
      health: this.health,
      monotonicMs,
      servedProviders: this.streams.servedProviders(),
      historyOf: (endpointId) => this.histories.of(endpointId),
      nowMs: Date.now(),
    });
    const json = Buffer.from(JSON.stringify({ data: report }));
    this.last = { atMs: monotonicMs, json, page: Buffer.from(statusPage(report)) };
    return this.last;
  }
}
