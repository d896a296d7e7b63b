import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { ReplyOf, Rpc } from '@switchyard/contracts';
import { map, type Observable } from 'rxjs';
import { encodeReply } from './contract-codec.js';

/** What the handler returns to its wire form. */
export class EncodeReplyInterceptor<Contract extends Rpc> implements NestInterceptor<ReplyOf<Contract>, unknown> {
  constructor(private readonly contract: Contract) {}

  intercept(_context: ExecutionContext, next: CallHandler<ReplyOf<Contract>>): Observable<unknown> {
    return next.handle().pipe(map((reply) => encodeReply(this.contract, reply)));
  }
}
