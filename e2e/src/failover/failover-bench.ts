import { connectBus, type Bus } from '@switchyard/bus';
import { GetModel, PutModel, type CatalogueEndpoint, type CatalogueModel } from '@switchyard/contracts';
import { waitUntil, type BookEntry } from '@switchyard/testing';
import type { ClientDialectId } from '../money/client-dialects.js';
import type { Ask, Seen } from '../money/clients.js';
import type { FaultBench } from '../money/fault-bench.js';
import { CLASS_A_MODEL, CLASS_B_MODEL } from '../money/fault-stack.js';

const OPTIONS = { timeoutMs: 15_000 } as const;

/** Where an endpoint is: `first` closes the bill with the connection, `second` bills in full. */
export type Side = 'first' | 'second';
const PROVIDERS: Readonly<Record<Side, string>> = { first: 'sandbox', second: 'groq' };

/** A way to ask: what the client speaks, whether it reads a stream, and the edge that it asks. */
export interface Variant {
  readonly name: string;
  readonly dialect: ClientDialectId;
  readonly stream: boolean;
  readonly edge: number;
}

/** Streamed and not, in the two dialects whose errors look different. Each dialect has an edge, and so a retry budget, of its own. */
export const VARIANTS: readonly Variant[] = [
  { name: 'chat-stream', dialect: 'openai-chat', stream: true, edge: 0 },
  { name: 'chat-whole', dialect: 'openai-chat', stream: false, edge: 0 },
  { name: 'messages-stream', dialect: 'anthropic-messages', stream: true, edge: 1 },
  { name: 'messages-whole', dialect: 'anthropic-messages', stream: false, edge: 1 },
];

/** What a test looks at in the record of a generation. */
export interface GenerationRecord {
  readonly model: string;
  readonly requested_model: string;
  readonly total_cost: number;
  readonly attempts: readonly {
    readonly model: string;
    readonly outcome: string;
    readonly error_code: string | null;
  }[];
}

/** Models of their own for every scenario, so that none sees the faults and the health of another. */
export class FailoverBench {
  private constructor(
    readonly bench: FaultBench,
    private readonly bus: Bus,
    private readonly templates: Readonly<Record<Side, CatalogueModel>>,
  ) {}

  static async open(bench: FaultBench): Promise<FailoverBench> {
    const bus = await connectBus({ servers: bench.stack.natsUrl, name: 'failover' });
    const read = async (modelId: string) => {
      const { model } = await bus.rpc.call(GetModel, { modelId }, OPTIONS);
      if (!model) throw new Error(`the catalogue has no ${modelId}`);
      return model;
    };
    return new FailoverBench(bench, bus, { first: await read(CLASS_A_MODEL), second: await read(CLASS_B_MODEL) });
  }

  /** Makes a model with these endpoints and answers when every edge knows it. */
  async model(
    name: string,
    sides: readonly Side[],
    dialect: ClientDialectId = 'openai-chat',
    change: Partial<CatalogueEndpoint> = {},
  ): Promise<ScenarioModel> {
    const id = `sandbox/${name}`;
    const endpoints = sides.map((side) => ({ ...this.endpoint(id, name, side, dialect), ...change }));
    await this.bus.rpc.call(
      PutModel,
      { model: { ...this.templates.first, id, canonicalSlug: id, endpoints } },
      OPTIONS,
    );
    const { edgeUrls } = this.bench.stack;
    await waitUntil(
      async () => (await Promise.all(edgeUrls.map((url) => fetch(`${url}/api/v1/models/${id}/endpoints`)))).every(isOk),
      { what: `the edges know ${id}`, timeoutMs: 30_000 },
    );
    return new ScenarioModel(this.bench, id, name);
  }

  /** The record of a generation, as soon as it is there. */
  async record({ ask: { key, edge }, generationId }: Seen): Promise<GenerationRecord> {
    const url = `${this.bench.stack.edgeUrls[edge]}/api/v1/generation?id=${generationId}`;
    const read = () => fetch(url, { headers: { authorization: `Bearer ${key}` } });
    await waitUntil(async () => (await read()).status === 200, {
      what: `the record of ${generationId}`,
      timeoutMs: 30_000,
    });
    return ((await (await read()).json()) as { data: GenerationRecord }).data;
  }

  close(): Promise<void> {
    return this.bus.close();
  }

  /** The endpoint of the first side speaks the client's own format, so that both the straight and the translated way are taken. */
  private endpoint(modelId: string, name: string, side: Side, dialect: ClientDialectId): CatalogueEndpoint {
    const provider = PROVIDERS[side];
    const template = this.templates[side].endpoints.find((endpoint) => endpoint.provider === provider);
    if (!template) throw new Error(`${this.templates[side].id} has no endpoint of ${provider}`);
    const { protocol: _, ...rest } = template;
    return {
      ...rest,
      id: `${provider}:${modelId}`,
      modelId,
      upstreamModel: upstreamModelOf(name, side),
      // Both take the same parameters, so that nothing but faults decides who serves.
      supportedParameters: this.templates.first.endpoints[0]?.supportedParameters ?? [],
      ...(side === 'first' && { protocol: dialect }),
      price: { ...rest.price, version: `${name}-${side}` },
    };
  }
}

const isOk = ({ ok }: Response): boolean => ok;

/** The simulator takes its behaviour from the first word, and what is ordered from the whole. */
const upstreamModelOf = (name: string, side: Side): string => `echo-${name}-${side}`;

/** One model of a scenario, with what its providers are told to do and what they saw. */
export class ScenarioModel {
  #asked = 0;

  constructor(
    private readonly bench: FaultBench,
    readonly id: string,
    readonly name: string,
  ) {}

  /** Orders a fault for requests that reach an endpoint: so many times, or until the end. */
  async order(side: Side, fault: string, times?: number): Promise<void> {
    const { stack } = this.bench;
    const order = { model: upstreamModelOf(this.name, side), fault, ...(times !== undefined && { times }) };
    if (side === 'second') return stack.upstream.fault(order);
    const response = await fetch(`${stack.sandboxUrl}/_control/fault`, { method: 'POST', body: JSON.stringify(order) });
    if (!response.ok) throw new Error(`the sandbox refused ${fault}: ${await response.text()}`);
  }

  /** Takes back what was ordered for an endpoint. */
  async recover(side: Side): Promise<void> {
    const { stack } = this.bench;
    const model = upstreamModelOf(this.name, side);
    if (side === 'second') return stack.upstream.clearFaults(model);
    const response = await fetch(`${stack.sandboxUrl}/_control/fault`, {
      method: 'DELETE',
      body: JSON.stringify({ model }),
    });
    if (!response.ok) throw new Error(`the sandbox did not recover: ${await response.text()}`);
  }

  /** Asks with the first endpoint preferred, so that faults are met in the order in which the scenario tells them. */
  async ask(variant: Variant, change: Partial<Omit<Ask, 'label'>> = {}): Promise<Seen> {
    const seen = await this.askAside(variant, change);
    this.bench.seen.push(seen);
    return seen;
  }

  /** Asks without a note for the checks at the end. */
  askAside(variant: Variant, change: Partial<Omit<Ask, 'label'>> = {}): Promise<Seen> {
    this.#asked += 1;
    return this.bench.askAside(`${this.name}-${this.#asked}`, {
      models: [this.id],
      stream: variant.stream,
      dialect: variant.dialect,
      edge: variant.edge,
      tokens: 60,
      maxTokens: 80,
      provider: { order: Object.values(PROVIDERS) },
      ...change,
    });
  }

  /** What reached the endpoint, the oldest first. */
  async hits(side: Side): Promise<readonly BookEntry[]> {
    const wanted = upstreamModelOf(this.name, side);
    return (await this.bench.stack.upstreamBook()).filter(({ model }) => model === wanted);
  }
}
