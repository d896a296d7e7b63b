import { Controller, Get, Query } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { ReceiptKeySet, SignedReceipt } from '@switchyard/receipts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { Receipts } from './receipts.service.js';

/** Answers are the documents themselves, without an envelope: what is stored is what is verified. */
@Controller(apiPaths(''))
export class ReceiptsController {
  constructor(private readonly receipts: Receipts) {}

  @Get('generation/receipt')
  @Access('key')
  issue(@CurrentCaller() caller: Caller, @Query('id') id: unknown): Promise<SignedReceipt> {
    if (typeof id !== 'string') throw new GatewayError('invalid_request', { message: 'Give one id: ?id=gen-…' });
    return this.receipts.issue(id, caller);
  }

  /** A JSON Web Key Set (RFC 7517). Public: whoever is shown a receipt can verify it. */
  @Get('receipts/keys')
  @Access('public')
  keys(): ReceiptKeySet {
    return this.receipts.keys;
  }
}
