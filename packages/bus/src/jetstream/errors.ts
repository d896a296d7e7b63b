import { errors } from '@nats-io/transport-node';

/** In one line, for log lines and the causes of errors. */
export function describeJetStreamError(error: unknown): string {
  // The class is not exported by the library.
  if (error instanceof Error && error.message === 'jetstream is not enabled')
    return 'no stream takes this subject, or JetStream is off';
  if (error instanceof errors.TimeoutError) return 'no answer in time';
  return error instanceof Error ? error.message : String(error);
}

/** Trying again cannot help: the message itself is refused. */
export const isHopeless = (error: unknown): boolean =>
  error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError;
