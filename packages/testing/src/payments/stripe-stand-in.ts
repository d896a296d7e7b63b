import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { intentOf, refundOf, sessionOf, type Answer, type StripeObject } from './stripe-shapes.js';

/** What happens to the next call: the server fails before or after it has done its work, or never answers. */
export type Fault = 'unavailable' | 'cut before' | 'cut after';

export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly form: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  readonly authorization: string | null;
}

/**
 * A server that speaks the part of Stripe's REST API that the ledger uses, in Stripe's shapes: forms in, objects out, answers repeated
 * for an idempotency key that was seen before. What a means of payment does is in its name.
 */
export class StripeStandIn {
  readonly calls: SeenCall[] = [];
  readonly objects = new Map<string, StripeObject>();
  /** Means of payment that were saved in a payment, for those who look it up. */
  savedMethod = 'pm_fine';
  faults: Fault[] = [];
  readonly #answers = new Map<string, { readonly body: string; readonly answer: Answer }>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Payments that money has moved for. */
  get charged(): StripeObject[] {
    return [...this.objects.values()].filter(
      ({ object, status }) => object === 'payment_intent' && status === 'succeeded',
    );
  }

  callsTo(path: string): SeenCall[] {
    return this.calls.filter((call) => call.path === path);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const key = headerOf(request, 'idempotency-key');
    const call: SeenCall = {
      method: request.method ?? '',
      path: (request.url ?? '').split('?', 1)[0] ?? '',
      form: Object.fromEntries(new URLSearchParams(body)),
      idempotencyKey: key,
      authorization: headerOf(request, 'authorization'),
    };
    this.calls.push(call);
    const fault = this.faults.shift();
    if (fault === 'cut before') return void request.socket.destroy();
    if (fault === 'unavailable') return send(response, { status: 500, body: { error: { type: 'api_error' } } });
    const answer = this.#answerOnce(call, body);
    if (fault === 'cut after') return void request.socket.destroy();
    send(response, answer);
  }

  #answerOnce(call: SeenCall, body: string): Answer {
    const known = call.method === 'POST' && call.idempotencyKey ? this.#answers.get(call.idempotencyKey) : undefined;
    if (known && known.body !== body) return { status: 400, body: { error: { type: 'idempotency_error' } } };
    if (known) return known.answer;
    const answer = this.#answer(call);
    if (call.method === 'POST' && call.idempotencyKey) this.#answers.set(call.idempotencyKey, { body, answer });
    return answer;
  }

  #answer({ method, path, form }: SeenCall): Answer {
    const id = randomUUID().replaceAll('-', '');
    if (method === 'GET') return this.#found(path.split('/').at(-1) ?? '');
    if (path === '/v1/checkout/sessions') return this.#kept(sessionOf(`cs_test_${id}`, form));
    if (path === '/v1/refunds') return this.#kept(refundOf(`re_${id}`, form));
    if (path === '/v1/payment_intents') return this.#kept(intentOf(`pi_${id}`, form));
    return { status: 404, body: { error: { type: 'invalid_request_error' } } };
  }

  #found(id: string): Answer {
    const object = this.objects.get(id) ?? { id, object: 'payment_intent', payment_method: this.savedMethod };
    return { status: 200, body: object };
  }

  #kept(answer: Answer): Answer {
    if (answer.status === 200) this.objects.set(String(answer.body['id']), answer.body as StripeObject);
    return answer;
  }
}

const headerOf = (request: IncomingMessage, name: string): string | null => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : null;
};

function send(response: ServerResponse, { status, body }: Answer): void {
  // Without this header the client would try again what was refused.
  response.writeHead(status, {
    'content-type': 'application/json',
    'stripe-should-retry': status < 500 ? 'false' : 'true',
  });
  response.end(JSON.stringify(body));
}
