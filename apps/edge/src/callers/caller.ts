import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey, BudgetScope } from '@switchyard/contracts';
import type { FastifyRequest } from 'fastify';

/** Who a request acts for: the key, resolved and checked. */
export interface Caller {
  readonly key: ApiKey;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard on every route that asks for a key. */
    caller?: Caller;
  }
}

/** The caps that a lease of this key counts against. */
export const budgetsOf = ({ id, limitNanos, limitReset, budgets }: ApiKey): BudgetScope[] => [
  ...(limitNanos === null
    ? []
    : [{ scopeId: id, kind: 'key' as const, interval: limitReset ?? ('total' as const), capNanos: limitNanos }]),
  ...budgets,
];

/** The caller of a request that passed the guard. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new GatewayError('missing_credentials');
  return request.caller;
}

/** Injects the {@link Caller} into a controller method. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext) =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
