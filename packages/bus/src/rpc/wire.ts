import type { WireError } from '@switchyard/contracts';

/**
 * What a service answers: exactly one of the two. The request is the bare JSON of the contract, so that an operator can ask with the
 * `nats` command: `nats request ledger.v1.rpc.account.balance '{"accountId":"…"}'`.
 */
export interface WireReply {
  readonly reply?: unknown;
  readonly error?: WireError;
}

/** Stands for a request whose bytes are not JSON, until the handler's pipe refuses it. */
export const UNREADABLE = Symbol('unreadable request');
