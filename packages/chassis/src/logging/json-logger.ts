import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { currentRequestId, currentTraceIds } from '@switchyard/telemetry';
import type { LogLevelName } from '../config/service-config.js';
import { maskSecrets } from './mask-secrets.js';

export interface JsonLoggerOptions {
  readonly service: string;
  readonly instance: string;
  readonly level: LogLevelName;
}

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];
/** What Nest tells about its own start: of use to its developers, so it is `debug` here. */
const START_DETAILS: ReadonlySet<string> = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);
/** Where Nest prints the errors of a start, stack and all; `runService` reports them in one line. */
const START_ERRORS: ReadonlySet<string> = new Set(['ExceptionHandler', 'NestApplication']);

const levelsUpTo = (level: LogLevelName): LogLevel[] =>
  LEVELS.slice(0, LEVELS.indexOf(level === 'info' ? 'log' : level) + 1);

/** One JSON object per line, with the trace and the public request that the line belongs to. */
export class JsonLogger extends ConsoleLogger {
  readonly #service: string;
  readonly #instance: string;
  #started = false;

  constructor({ service, instance, level }: JsonLoggerOptions) {
    super({ json: true, colors: false, compact: true, logLevels: levelsUpTo(level) });
    this.#service = service;
    this.#instance = instance;
  }

  /** The start is over: from now on Nest's own errors are worth a line. */
  markStarted(): void {
    this.#started = true;
  }

  protected override printMessages(...args: Parameters<ConsoleLogger['printMessages']>): void {
    const [, context = '', level = 'log'] = args;
    if (!this.#started && level === 'error' && START_ERRORS.has(context)) return;
    if (level === 'log' && START_DETAILS.has(context) && !this.isLevelEnabled('debug')) return;
    super.printMessages(...args);
  }

  protected override getJsonLogObject(
    ...args: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const line = super.getJsonLogObject(...args);
    const trace = currentTraceIds();
    const requestId = currentRequestId();
    return {
      ...line,
      time: new Date(line.timestamp).toISOString(),
      service: this.#service,
      instance: this.#instance,
      ...(trace && { trace_id: trace.traceId, span_id: trace.spanId }),
      ...(requestId !== undefined && { request_id: requestId }),
    };
  }

  protected override stringifyJsonLogObject(line: Record<string, unknown>): string {
    // The rest of the world calls it `info`.
    const level = line['level'] === 'log' ? 'info' : line['level'];
    return maskSecrets(super.stringifyJsonLogObject({ ...line, level }));
  }
}
