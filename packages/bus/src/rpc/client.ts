import { GatewayError, type ReplyOf, type Rpc } from '@switchyard/contracts';
import { currentRequestId, instruments, withSpan } from '@switchyard/telemetry';
import { errors, type Msg } from '@nats-io/transport-node';
import type { Connection } from '../connection/connection.js';
import { type CallOf, decodeReply, encodeRequest } from './contract-codec.js';
import { outgoingHeaders } from './headers.js';
import type { WireReply } from './wire.js';

export interface CallOptions {
  readonly timeoutMs?: number;
  /** Id of the public request; that of the running request when absent. */
  readonly requestId?: string;
}

const TIMEOUT_MS = 2_000;
/** A caller waits no longer for a broken connection: new requests are refused in under a second while the broker is away. */
const CONNECTION_PATIENCE_MS = 500;
const RETRY_AFTER_MS = 1_000;

/** Asks other services. */
export class RpcClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Calls the service that serves the contract. Nothing is tried twice: a caller that wants that knows whether its call is idempotent.
   * @throws GatewayError only: the callee's own, or `service_unavailable` (with `retryAfterMs`) when nobody serves the contract,
   * the time is over, or the reply cannot be understood.
   */
  call<Contract extends Rpc>(
    contract: Contract,
    request: CallOf<Contract>,
    { timeoutMs = TIMEOUT_MS, requestId = currentRequestId() }: CallOptions = {},
  ): Promise<ReplyOf<Contract>> {
    const attributes = { 'rpc.system': 'nats', 'rpc.method': contract.subject };
    return withSpan(
      contract.subject,
      attributes,
      () => timed(contract.subject, () => this.#ask(contract, request, timeoutMs, requestId)),
      'client',
    );
  }

  async #ask<Contract extends Rpc>(
    contract: Contract,
    request: CallOf<Contract>,
    timeoutMs: number,
    requestId: string | undefined,
  ): Promise<ReplyOf<Contract>> {
    const payload = encodeRequest(contract, request);
    const reply = await this.#exchange(contract.subject, payload, timeoutMs, requestId);
    if (reply.error !== undefined) throw GatewayError.fromWire(reply.error);
    try {
      return decodeReply(contract, reply.reply);
    } catch (error) {
      throw unavailable(error);
    }
  }

  async #exchange(subject: string, payload: string, timeoutMs: number, requestId?: string): Promise<WireReply> {
    if (!(await this.#connection.whenConnected(Math.min(timeoutMs, CONNECTION_PATIENCE_MS)))) {
      throw unavailable(new Error(`${subject}: no connection to NATS`));
    }
    const headers = outgoingHeaders(requestId);
    try {
      const request = this.#connection.nats.request(subject, payload, {
        timeout: timeoutMs,
        ...(headers && { headers }),
      });
      return readReply(await this.#connection.guard(request));
    } catch (error) {
      if (error instanceof errors.InvalidArgumentError) throw new GatewayError('internal', { cause: error });
      throw unavailable(new Error(`${subject}: ${describe(error)}`, { cause: error }));
    }
  }
}

async function timed<T>(subject: string, call: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  const record = (outcome: Record<string, string>): void =>
    instruments.callDuration.record((performance.now() - startedAtMs) / 1_000, { 'rpc.method': subject, ...outcome });
  try {
    const reply = await call();
    record({});
    return reply;
  } catch (error) {
    record({ 'error.type': error instanceof GatewayError ? error.code : 'internal' });
    throw error;
  }
}

function readReply(message: Msg): WireReply {
  const reply = message.json<WireReply | null>();
  if (typeof reply !== 'object' || reply === null) throw new Error('the reply is not an object');
  return reply;
}

function describe(error: unknown): string {
  if (error instanceof errors.RequestError && error.isNoResponders()) return 'nobody serves it';
  if (error instanceof errors.NoRespondersError) return 'nobody serves it';
  if (error instanceof errors.TimeoutError) return 'no reply in time';
  return error instanceof Error ? error.message : String(error);
}

const unavailable = (cause: unknown): GatewayError =>
  new GatewayError('service_unavailable', { cause, retryAfterMs: RETRY_AFTER_MS });
