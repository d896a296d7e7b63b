import { Catch, Logger, type RpcExceptionFilter } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { type Observable, throwError } from 'rxjs';

/** Sends errors of the closed list to the caller as they are; everything else is `internal` there and a log line here. */
@Catch()
export class RpcErrorFilter implements RpcExceptionFilter {
  readonly #logger = new Logger('rpc');

  constructor(private readonly subject: string) {}

  catch(exception: unknown): Observable<never> {
    const error = exception instanceof GatewayError ? exception : new GatewayError('internal', { cause: exception });
    if (error.code === 'internal') this.#log(error.cause ?? error);
    return throwError(() => error.toWire());
  }

  #log(cause: unknown): void {
    if (cause instanceof Error) this.#logger.error(`${this.subject} failed: ${cause.message}`, cause.stack);
    else this.#logger.error(`${this.subject} failed with ${typeof cause}`);
  }
}
