import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { GatewayError } from '@switchyard/contracts';
import { isTracing } from './tracing-state.js';

const TRACER_NAME = 'switchyard';

/** What a running span accepts; a part of OpenTelemetry's `Span`. */
export type ActiveSpan = Pick<Span, 'setAttribute' | 'setAttributes' | 'addEvent'>;

const SILENT: ActiveSpan = {
  setAttribute: () => SILENT as Span,
  setAttributes: () => SILENT as Span,
  addEvent: () => SILENT as Span,
};

export type SpanAttributes = Attributes;
export type SpanSide = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

const KINDS: Readonly<Record<SpanSide, SpanKind>> = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/**
 * Runs `fn` inside a span that ends when `fn` returns, or when the promise it returns settles. With tracing off it is a plain call.
 * Attributes that take work to make are given as a function: it is called only for a span.
 *
 * Only the code or the class of an error is recorded, never its message: the text of a foreign error may quote what a user wrote.
 */
export function withSpan<T>(
  name: string,
  attributes: SpanAttributes | (() => SpanAttributes),
  fn: (span: ActiveSpan) => T,
  side: SpanSide = 'internal',
): T {
  if (!isTracing()) return fn(SILENT);
  const options = { attributes: typeof attributes === 'function' ? attributes() : attributes, kind: KINDS[side] };
  return trace.getTracer(TRACER_NAME).startActiveSpan(name, options, (span) => {
    try {
      const result = fn(span);
      if (!(result instanceof Promise)) {
        span.end();
        return result;
      }
      return result.then(
        (value: unknown) => {
          span.end();
          return value;
        },
        (error: unknown) => {
          endFailed(span, error);
          throw error;
        },
      ) as T;
    } catch (error) {
      endFailed(span, error);
      throw error;
    }
  });
}

/**
 * Records a span of the running trace that began at `startedAtMs` (time of day) and ends now: for work on several traces at once,
 * which no single running span can stand for. An error is recorded as {@link withSpan} does it.
 */
export function recordSpan(
  name: string,
  attributes: SpanAttributes,
  { side, startedAtMs, error }: { readonly side: SpanSide; readonly startedAtMs: number; readonly error?: unknown },
): void {
  if (!isTracing()) return;
  const span = trace.getTracer(TRACER_NAME).startSpan(name, { attributes, kind: KINDS[side], startTime: startedAtMs });
  if (error === undefined) span.end();
  else endFailed(span, error);
}

function endFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function errorType(error: unknown): string {
  if (error instanceof GatewayError) return error.code;
  return error instanceof Error ? error.constructor.name : 'unknown';
}
