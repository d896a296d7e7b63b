import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Attribute {
  readonly key: string;
  readonly value: unknown;
}

/** A span of OTLP's JSON, with the service that sent it. */
export interface CollectedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface TracesBody {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'service' | 'attributes'> & {
        readonly attributes: readonly Attribute[];
      })[];
    }[];
  }[];
}

/** Gathers what exporters send by OTLP over HTTP with JSON. */
export class Collector {
  /** Bodies as they came, for searches of their text. */
  readonly bodies: string[] = [];
  readonly spans: CollectedSpan[] = [];
  readonly #server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      this.bodies.push(body);
      if (request.url === '/v1/traces') this.spans.push(...spansOf(JSON.parse(body) as TracesBody));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });

  /** Listens on a free port; returns what OTEL_EXPORTER_OTLP_ENDPOINT must be. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const spansOf = ({ resourceSpans = [] }: TracesBody): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        parentSpanId: span.parentSpanId || undefined,
        service: String(recordOf(resource.attributes)['service.name']),
        attributes: recordOf(span.attributes),
      })),
    ),
  );

/** `{ stringValue: 'x' }` is `x`; integers of 64 bits travel as text. */
const recordOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));

function plain(value: unknown): unknown {
  const [[kind, inner] = ['', null]] = Object.entries(value as Record<string, unknown>);
  if (kind === 'intValue') return Number(inner);
  if (kind === 'arrayValue') return ((inner as { values?: unknown[] }).values ?? []).map(plain);
  return inner;
}
