import { applyDecorators, UseFilters, UseInterceptors } from '@nestjs/common';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import type { ReplyOf, Rpc } from '@switchyard/contracts';
import { DecodeRequestPipe } from './decode-request.pipe.js';
import { EncodeReplyInterceptor } from './encode-reply.interceptor.js';
import { RpcErrorFilter } from './rpc-error.filter.js';

type Handler<Contract extends Rpc> = (...args: never[]) => ReplyOf<Contract> | Promise<ReplyOf<Contract>>;

/**
 * The method answers calls of the contract: what it returns is checked and encoded, a GatewayError crosses as itself, and any other
 * error as `internal`. The replicas of a service share the calls.
 */
export const Serves =
  <Contract extends Rpc>(contract: Contract) =>
  <Method extends Handler<Contract>>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void =>
    applyDecorators(
      MessagePattern(contract.subject, Transport.NATS),
      UseInterceptors(new EncodeReplyInterceptor(contract)),
      UseFilters(new RpcErrorFilter(contract.subject)),
    )(target, key, descriptor);

/** The parameter receives the request of the contract, validated and decoded. */
export const Request = (contract: Rpc): ParameterDecorator => Payload(new DecodeRequestPipe(contract));
