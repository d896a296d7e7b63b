import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import { KvBuckets, StreamClient, StreamFailure, readJson } from '@switchyard/bus';
import { CATALOGUE_BUCKET, CatalogueModel, catalogueKey } from '@switchyard/contracts';
import type { CatalogueEndpoint } from '@switchyard/contracts';
import type { Fleet } from '../fleet/fleet.js';
import { PROBER_SETTINGS } from '../settings.js';
import type { ProberSettings } from '../settings.js';
import { isProbed, probeBody, probeCall } from './probe-call.js';
import { MAX_PROBES_RUNNING, ProbeSchedule } from './probe-schedule.js';

/**
 * Asks endpoints that are out whether they are back, where that was switched on. A worker asks, as it would for a client, and tells the
 * outcome as it does for a client, so nothing is learnt here.
 */
@Injectable()
export class ProbesService {
  private readonly logger = new Logger(ProbesService.name);
  private readonly schedule: ProbeSchedule;
  private running = 0;

  constructor(
    @Inject(PROBER_SETTINGS) private readonly settings: ProberSettings,
    private readonly kv: KvBuckets,
    @Optional() private readonly streams?: StreamClient,
  ) {
    this.schedule = new ProbeSchedule(settings.probeIntervalMs, Math.random);
  }

  tick(fleet: Fleet, nowMs: number): void {
    const { streams } = this;
    if (!streams) return;
    const out = new Map<string, string>();
    for (const { endpointId, modelId, ejection } of fleet.all())
      if (ejection.state !== 'healthy') out.set(endpointId, modelId);
    const room = MAX_PROBES_RUNNING - this.running;
    for (const id of this.schedule.due(out.keys(), nowMs, room))
      void this.probe(streams, id, { modelId: out.get(id)!, nowMs });
  }

  private async probe(
    streams: StreamClient,
    endpointId: string,
    { modelId, nowMs }: { readonly modelId: string; readonly nowMs: number },
  ): Promise<void> {
    this.running += 1;
    try {
      const endpoint = await this.find(endpointId, modelId);
      if (endpoint && isProbed(endpoint)) await this.ask(streams, endpoint, nowMs);
    } catch (error) {
      // That the endpoint is still ill is an answer; the worker tells it.
      if (!(error instanceof StreamFailure))
        this.logger.warn(`${endpointId} was not probed: ${(error as Error).message}`);
    } finally {
      this.running -= 1;
    }
  }

  private async ask(streams: StreamClient, endpoint: CatalogueEndpoint, nowMs: number): Promise<void> {
    const meta = probeCall(endpoint, { instance: this.settings.instance, nowMs });
    const stream = await streams.open({ provider: endpoint.provider, meta, body: probeBody(endpoint) });
    for await (const bytes of stream) stream.acknowledge(bytes.length);
    await stream.end;
  }

  /** The catalogue is read for each probe: they are few, and it would be a lot to keep. */
  private async find(endpointId: string, modelId: string): Promise<CatalogueEndpoint | undefined> {
    const entry = await this.kv.get(CATALOGUE_BUCKET, catalogueKey(modelId));
    if (!entry) return undefined;
    const { endpoints } = readJson(CatalogueModel, entry.value);
    return endpoints.find(({ id }) => id === endpointId);
  }
}
