import { connectBus, type Bus } from '@switchyard/bus';
import { CatalogueModel, CountCatalogue, PutModel, RemoveModel } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { Client } from 'pg';
import type { SwitchyardTarget } from '../targets/switchyard.js';

const ENDPOINTS_PER_MODEL = 10;
const PARALLEL = 8;
const CALL = { timeoutMs: 30_000 };
const ARRIVES_WITHIN_MS = 180_000;
const CONTEXT = 128_000;

/** A model that several endpoints of the installation's own provider could serve, and that nobody asks for. */
const fillerModel = (number: number, endpoints: number): CatalogueModel => {
  const id = `filler/model-${number}`;
  const modalities = { inputModalities: ['text'], outputModalities: ['text'] };
  const length = { contextLength: CONTEXT, maxCompletionTokens: 16_384 };
  const facts = { id, canonicalSlug: id, name: id, author: 'filler', created: 1_760_000_000 };
  return {
    ...CatalogueModel.decode({ ...facts, ...modalities, ...length, endpoints: [] }),
    endpoints: Array.from({ length: endpoints }, (_, index) => ({
      id: `local/${index}:${id}`,
      modelId: id,
      provider: 'local',
      providerName: 'Local',
      tag: `local/${index}`,
      upstreamModel: `model-${number}`,
      ...length,
      ...modalities,
      maxPromptTokens: null,
      quantization: 'unknown',
      supportedParameters: ['max_tokens', 'temperature', 'tools', 'tool_choice'],
      supportsImplicitCaching: false,
      reasoning: null,
      dataPolicy: null,
      price: { version: 'v1', prompt: 1_000_000n, completion: 4_000_000n + BigInt(index) * 10_000n },
    })),
  };
};

/** The catalogue of a running system, brought to a size in the way of its operator: models are put and removed by name. */
export class GrowingCatalogue {
  private models = 0;

  private constructor(
    private readonly bus: Bus,
    private readonly target: SwitchyardTarget,
    /** What it has now. */
    public endpoints: number,
  ) {}

  static async open(target: SwitchyardTarget): Promise<GrowingCatalogue> {
    const bus = await connectBus({ servers: target.stack.natsUrl, name: 'bench' });
    const { endpoints } = await bus.rpc.call(CountCatalogue, {}, CALL);
    return new GrowingCatalogue(bus, target, endpoints);
  }

  /** Resolves when every edge has exactly so many endpoints. */
  async resize(endpoints: number): Promise<void> {
    if (this.endpoints > endpoints) await this.removeOthers(endpoints);
    const wanted: CatalogueModel[] = [];
    for (let missing = endpoints - this.endpoints; missing > 0; missing -= ENDPOINTS_PER_MODEL)
      wanted.push(fillerModel((this.models += 1), Math.min(missing, ENDPOINTS_PER_MODEL)));
    await this.eachOf(wanted, (model) => this.bus.rpc.call(PutModel, { model }, CALL));
    const count = await this.bus.rpc.call(CountCatalogue, {}, CALL);
    this.endpoints = count.endpoints;
    await waitUntil(async () => (await this.modelsAtEdges()).every((models) => models === count.models), {
      what: `every edge has ${count.models} models`,
      timeoutMs: ARRIVES_WITHIN_MS,
      intervalMs: 500,
    });
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  /** Takes out models that are not measured, until no more than so many endpoints are left. */
  private async removeOthers(endpoints: number): Promise<void> {
    const removed: string[] = [];
    let left = this.endpoints;
    for (const other of await this.others()) {
      if (left <= endpoints) break;
      removed.push(other.id);
      left -= other.endpoints;
    }
    await this.eachOf(removed, (modelId) => this.bus.rpc.call(RemoveModel, { modelId }, CALL));
    ({ endpoints: this.endpoints } = await this.bus.rpc.call(CountCatalogue, {}, CALL));
  }

  /** Models that come with the system, with how many endpoints each has: not those that are measured. */
  private async others(): Promise<readonly { id: string; endpoints: number }[]> {
    const client = new Client({ connectionString: this.target.stack.databaseUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ id: string; endpoints: number }>(
        `SELECT endpoint.model_id AS id, count(*)::int AS endpoints
           FROM registry.endpoint JOIN registry.model ON model.id = endpoint.model_id
          WHERE endpoint.removed_at IS NULL AND model.removed_at IS NULL
            AND model.author NOT IN ('local', 'sandbox') GROUP BY 1 ORDER BY 1`,
      );
      return rows;
    } finally {
      await client.end();
    }
  }

  private async eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
    const rest = items.values();
    const lane = async () => {
      for (const item of rest) await work(item);
    };
    await Promise.all(Array.from({ length: PARALLEL }, lane));
  }

  private async modelsAtEdges(): Promise<number[]> {
    return Promise.all(
      this.target.stack.edgeUrls.map(async (url) => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return Number(/^switchyard_catalogue_models(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? Number.NaN);
      }),
    );
  }
}
