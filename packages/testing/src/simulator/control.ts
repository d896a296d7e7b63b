import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Book } from './book.js';
import { parseDirective } from './fault.js';
import type { Fault } from './fault.js';
import { pathOf } from './exchange.js';
import { readBody } from './wire.js';

/** Orders a fault for requests whose path begins with `path` and whose model is `model`; absent means any. */
export const FaultOrder = z.object({
  path: z.string().optional(),
  model: z.string().optional(),
  /** The inside of a directive: `status=429 retry_after=1`. */
  fault: z.string().min(1),
  /** How many requests it hits; until it is cleared when absent. */
  times: z.int().positive().optional(),
});
export type FaultOrder = z.input<typeof FaultOrder>;

const ClearOrder = z.object({ model: z.string().optional() });

/** Orders a recorded exchange for the next request on `/replay/<provider>/…`. */
export const ReplayOrder = z.object({
  provider: z.string().regex(/^[a-z0-9-]+$/),
  case: z.string().min(1),
  times: z.int().positive().default(1),
});
export type ReplayOrder = z.input<typeof ReplayOrder>;

interface StandingFault {
  readonly order: FaultOrder;
  readonly fault: Fault;
  left: number;
}

/** `/_control/*`: orders faults and replays, and shows the book. */
export class Control {
  private faults: StandingFault[] = [];
  private readonly replays = new Map<string, string[]>();

  constructor(private readonly book: Book) {}

  orderFault(order: FaultOrder): void {
    this.faults.push({ order, fault: parseDirective(order.fault), left: order.times ?? Infinity });
  }

  /** Takes back the orders for a model, or all. */
  clearFaults(model?: string): void {
    this.faults = model === undefined ? [] : this.faults.filter(({ order }) => order.model !== model);
  }

  orderReplay(order: ReplayOrder): void {
    const { provider, case: name, times } = ReplayOrder.parse(order);
    const queue = this.replays.get(provider) ?? [];
    this.replays.set(provider, [...queue, ...Array.from({ length: times }, () => name)]);
  }

  /** The fault that the first fitting order asks for; uses it up. */
  takeFault(path: string, model: string): Fault {
    const standing = this.faults.find(
      ({ order }) => path.startsWith(order.path ?? '') && (order.model === undefined || order.model === model),
    );
    if (!standing) return {};
    standing.left -= 1;
    if (standing.left <= 0) this.faults = this.faults.filter((other) => other !== standing);
    return standing.fault;
  }

  takeReplay(provider: string): string | undefined {
    return this.replays.get(provider)?.shift();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = `${request.method} ${pathOf(request)}`;
    const action = this.actions[name];
    if (!action) return reply(response, 404, { error: `no ${name}` });
    try {
      const body = await readBody(request);
      reply(response, 200, action(body.length > 0 ? (JSON.parse(body.toString()) as unknown) : {}));
    } catch (error) {
      reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  }

  private readonly actions: Readonly<Record<string, (body: unknown) => object>> = {
    'GET /_control/book': () => ({ entries: this.book.list() }),
    'DELETE /_control/book': () => (this.book.clear(), {}),
    'POST /_control/fault': (body) => (this.orderFault(FaultOrder.parse(body)), {}),
    'DELETE /_control/fault': (body) => (this.clearFaults(ClearOrder.parse(body).model), {}),
    'POST /_control/replay': (body) => (this.orderReplay(ReplayOrder.parse(body)), {}),
  };
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
