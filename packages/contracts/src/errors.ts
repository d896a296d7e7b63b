import { ERRORS } from './error-list.js';
import type { ErrorDefinition } from './error-list.js';

export type ErrorCode = keyof typeof ERRORS;
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];
export const isErrorCode = (text: unknown): text is ErrorCode =>
  typeof text === 'string' && Object.hasOwn(ERRORS, text);

export interface GatewayErrorOptions extends ErrorOptions {
  /** What went wrong and what to do, for the caller; the default of the code when absent. Never prompt or completion text. */
  readonly message?: string;
  /** Facts for `error.metadata`; snake_case, JSON values only. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  /** `openrouter_metadata`, for a client that asked for it. */
  readonly routing?: Readonly<Record<string, unknown>>;
}

/** An error of the closed list. The HTTP status is chosen by the filter of the edge from `code`, never where it is thrown. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;
  /** What a client that asked for it is told of the routing, beside the error (`openrouter_metadata`). Stays in this process. */
  readonly routing: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    { message, metadata = {}, retryAfterMs, routing, ...options }: GatewayErrorOptions = {},
  ) {
    super(message ?? ERRORS[code].message, options);
    this.code = code;
    this.metadata = metadata;
    this.retryAfterMs = retryAfterMs;
    this.routing = routing;
  }

  get definition(): ErrorDefinition {
    return ERRORS[this.code];
  }

  /** The form in which an error crosses the bus. */
  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      metadata: this.metadata,
      ...(this.retryAfterMs !== undefined && { retryAfterMs: this.retryAfterMs }),
    };
  }

  /** Reads what {@link toWire} wrote; anything else becomes `internal` with the value as cause. */
  static fromWire(value: unknown): GatewayError {
    if (value instanceof GatewayError) return value;
    const wire = value as Partial<WireError> | null;
    if (typeof wire !== 'object' || wire === null || !isErrorCode(wire.code))
      return new GatewayError('internal', { cause: value });
    return new GatewayError(wire.code, {
      ...(typeof wire.message === 'string' && { message: wire.message }),
      ...(typeof wire.metadata === 'object' && wire.metadata !== null && { metadata: wire.metadata }),
      ...(typeof wire.retryAfterMs === 'number' && { retryAfterMs: wire.retryAfterMs }),
    });
  }
}

export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
}
