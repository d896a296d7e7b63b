import { randomUUID } from 'node:crypto';
import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import type { FastifyReply } from 'fastify';
import { shouldRetryHeader } from '../idempotency/claim-refused.js';
import { dialectOfRequest } from './dialect-of-request.js';
import { gatewayErrorOf } from './gateway-error-of.js';

/** The one place where an error becomes an HTTP answer: the status comes from the closed list, the envelope from the route's dialect. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    this.answer(gatewayErrorOf(thrown), host.switchToHttp().getResponse<FastifyReply>());
  }

  answer(error: GatewayError, reply: FastifyReply): void {
    const shown = error.code === 'internal' ? this.mask(error) : error;
    if (reply.sent || reply.raw.headersSent) return;
    const { status, headers, body } = dialectOf(dialectOfRequest(reply.request)).renderError(shown);
    void reply
      .status(status)
      .headers({ ...headers, ...shouldRetryHeader(shown) })
      .send(body);
  }

  /** What happened goes to the log under an id, and the id to the caller. */
  private mask(error: GatewayError): GatewayError {
    const errorId = randomUUID();
    const { cause } = error;
    this.logger.error(`internal error ${errorId}: ${describe(cause ?? error)}`);
    return new GatewayError('internal', { metadata: { error_id: errorId } });
  }
}

/** Name and stack without the message, which may quote what a user wrote. */
const describe = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name} ${cause.stack?.slice(cause.stack.indexOf('\n    at ')) ?? ''}` : typeof cause;
