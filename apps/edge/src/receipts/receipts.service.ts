import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { FindKeyHash, GatewayError } from '@switchyard/contracts';
import { ReceiptSigner } from '@switchyard/receipts';
import type { ReceiptKeySet, SignedReceipt } from '@switchyard/receipts';
import type { Caller } from '../callers/caller.js';
import { EdgeConfig } from '../config.js';
import { GenerationsService } from '../generations/generations.service.js';
import { receiptOf } from './receipt-of.js';

/** Signs what the books say of a generation, for those who have to show it to others. */
@Injectable()
export class Receipts {
  private readonly signer: ReceiptSigner | null;

  constructor(
    { RECEIPT_KEY: seed, RECEIPT_RETIRED_KEYS: retired }: EdgeConfig,
    private readonly generations: GenerationsService,
    private readonly rpc: RpcClient,
  ) {
    this.signer = seed === undefined ? null : new ReceiptSigner(seed, retired);
  }

  /** @throws GatewayError `receipts_off` without a key to sign with; `not_found` for what the account has not generated. */
  async issue(id: string, caller: Caller): Promise<SignedReceipt> {
    if (!this.signer) throw new GatewayError('receipts_off');
    const known = await this.generations.find(id, caller);
    return this.signer.sign(receiptOf(known, await this.keyHash(known.generation.keyId, caller), new Date()));
  }

  get keys(): ReceiptKeySet {
    return this.signer?.keySet ?? { keys: [] };
  }

  /** Mostly the key that asks made the request; others of its account are looked up. */
  private async keyHash(keyId: string, { key }: Caller): Promise<string | null> {
    if (keyId === key.id) return key.digest;
    return (await this.rpc.call(FindKeyHash, { accountId: key.accountId, keyId })).digest;
  }
}
