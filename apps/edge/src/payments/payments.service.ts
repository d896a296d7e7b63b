import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import {
  CreateCheckout,
  CreateDeposit,
  CreateRefund,
  DeleteAutoTopUp,
  GatewayError,
  GetAutoTopUp,
  GrantPromo,
  ListDeposits,
  ListPaymentEvents,
  ReceivePayment,
  SetAutoTopUp,
} from '@switchyard/contracts';
import type { ReplyOf } from '@switchyard/contracts';
import { z } from 'zod';
import type { Caller } from '../callers/caller.js';
import { EdgeConfig } from '../config.js';
import type * as bodies from './payment-bodies.js';

/** The ledger may ask the payment provider meanwhile, once or twice. */
const PROVIDER_TIMEOUT_MS = 20_000;
const WEBHOOK_TIMEOUT_MS = 10_000;
/** Messages that one edge hands on at a time: anybody may send some, and only the ledger can tell which are real. */
const MAX_WEBHOOKS = 16;

type Body<Name extends keyof typeof bodies> = z.output<(typeof bodies)[Name]>;

/** Credit in and out, as the ledger does it. The account is the caller's, unless the operator names another. */
@Injectable()
export class PaymentsService {
  #webhooks = 0;

  constructor(
    private readonly rpc: RpcClient,
    private readonly config: EdgeConfig,
  ) {}

  /** @throws GatewayError `permission_denied` where only the operator puts credit in without paying. */
  deposit(caller: Caller, body: Body<'NewDepositBody'>): Promise<ReplyOf<typeof CreateDeposit>> {
    if (!this.config.OPEN_DEPOSITS && !caller.key.operator)
      throw new GatewayError('permission_denied', { message: 'Credit is bought here: POST /deposits/checkout.' });
    const { amount: amountNanos, source, external_id: externalId, note = null } = body;
    const accountId = accountOf(caller, body.account_id);
    return this.rpc.call(CreateDeposit, { accountId, amountNanos, source, externalId, note });
  }

  list(caller: Caller, query: Body<'ListDepositsQuery'>): Promise<ReplyOf<typeof ListDeposits>> {
    const { kind: kinds, offset, limit } = query;
    return this.rpc.call(ListDeposits, { accountId: accountOf(caller, query.account_id), kinds, offset, limit });
  }

  checkout({ key }: Caller, body: Body<'CheckoutBody'>): Promise<ReplyOf<typeof CreateCheckout>> {
    const request = {
      accountId: key.accountId,
      amountNanos: body.amount,
      savePaymentMethod: body.save_payment_method,
      externalId: body.external_id ?? null,
    };
    return this.rpc.call(CreateCheckout, request, { timeoutMs: PROVIDER_TIMEOUT_MS });
  }

  refund(caller: Caller, depositId: string, body: Body<'RefundBody'>): Promise<ReplyOf<typeof CreateRefund>> {
    if (!z.uuid().safeParse(depositId).success) throw new GatewayError('not_found', { message: 'Deposit not found.' });
    const { external_id: externalId, note = null } = body;
    const accountId = accountOf(caller, body.account_id);
    const request = { accountId, depositId, amountNanos: body.amount ?? null, externalId, note };
    return this.rpc.call(CreateRefund, request, { timeoutMs: PROVIDER_TIMEOUT_MS });
  }

  promo(caller: Caller, body: Body<'PromoBody'>): Promise<ReplyOf<typeof GrantPromo>> {
    const { amount: amountNanos, expires_at: expiresAt, external_id: externalId, note = null } = body;
    return this.rpc.call(GrantPromo, {
      accountId: accountOf(caller, body.account_id),
      amountNanos,
      expiresAt,
      externalId,
      note,
    });
  }

  autoTopUp({ key }: Caller): Promise<ReplyOf<typeof GetAutoTopUp>> {
    return this.rpc.call(GetAutoTopUp, { accountId: key.accountId });
  }

  setAutoTopUp({ key }: Caller, body: Body<'AutoTopUpBody'>): Promise<ReplyOf<typeof SetAutoTopUp>> {
    const { threshold: thresholdNanos, amount: amountNanos } = body;
    return this.rpc.call(SetAutoTopUp, { accountId: key.accountId, thresholdNanos, amountNanos });
  }

  deleteAutoTopUp({ key }: Caller): Promise<ReplyOf<typeof DeleteAutoTopUp>> {
    return this.rpc.call(DeleteAutoTopUp, { accountId: key.accountId });
  }

  events(query: Body<'PaymentEventsQuery'>): Promise<ReplyOf<typeof ListPaymentEvents>> {
    return this.rpc.call(ListPaymentEvents, query);
  }

  /** Hands a message of the payment provider on, byte for byte: the edge knows no secret to check it with. */
  async receive(body: Buffer, signature: string): Promise<void> {
    if (this.#webhooks >= MAX_WEBHOOKS) throw new GatewayError('overloaded', { retryAfterMs: 1_000 });
    this.#webhooks += 1;
    try {
      const request = { bodyBase64: body.toString('base64'), signature };
      await this.rpc.call(ReceivePayment, request, { timeoutMs: WEBHOOK_TIMEOUT_MS });
    } finally {
      this.#webhooks -= 1;
    }
  }
}

function accountOf({ key }: Caller, named: string | undefined): string {
  if (named === undefined || named === key.accountId) return key.accountId;
  if (!key.operator)
    throw new GatewayError('permission_denied', {
      message: 'Only the operator of the installation names another account.',
    });
  return named;
}
