const MAX_DEPTH = 4;

/** An error with its causes in one line: `cannot connect: ECONNREFUSED 127.0.0.1:5432`. */
export function describeError(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  // A refused connection to a name with two addresses has no message of its own.
  const inner = error instanceof AggregateError ? error.errors.map((one) => describeError(one, depth + 1)) : [];
  const own = (error.message || inner.join(', ') || error.name).replace(/\s*\n\s*/g, ' ');
  if (error.cause === undefined || depth >= MAX_DEPTH) return own;
  const cause = describeError(error.cause, depth + 1);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}
