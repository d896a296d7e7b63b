import { Logger } from '@nestjs/common';
import { describeError } from './describe-error.js';

const EXIT_CRASH = 1;

/**
 * An error that nobody handled leaves the process in a state that nobody knows: it is logged and the process ends, for its
 * supervisor to start a fresh one.
 */
export function endOnUnhandledErrors(): void {
  const end = (kind: string) => (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    new Logger('process').fatal(`${kind}: ${describeError(error)}`, stack);
    process.exit(EXIT_CRASH);
  };
  process.on('unhandledRejection', end('unhandled rejection'));
  process.on('uncaughtException', end('uncaught exception'));
}
