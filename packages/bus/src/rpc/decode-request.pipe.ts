import type { PipeTransform } from '@nestjs/common';
import { GatewayError, type RequestOf, type Rpc } from '@switchyard/contracts';
import { decodeRequest } from './contract-codec.js';
import { UNREADABLE } from './wire.js';

/** Wire form to what the handler receives. */
export class DecodeRequestPipe<Contract extends Rpc> implements PipeTransform<unknown, RequestOf<Contract>> {
  constructor(private readonly contract: Contract) {}

  transform(value: unknown): RequestOf<Contract> {
    if (value === UNREADABLE) throw new GatewayError('invalid_json', { message: `${this.contract.subject}: not JSON` });
    return decodeRequest(this.contract, value);
  }
}
