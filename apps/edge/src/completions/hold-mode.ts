import { GatewayError } from '@switchyard/contracts';
import type { CatalogueEndpoint, CompletionRequest, DialectId } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { stopsBillingOnAbort } from '@switchyard/providers/billing';

/** How much is set aside for an answer: all that it can cost, or a part that grows with it. */
export const HOLD_MODES = ['full', 'stepped'] as const;
export type HoldMode = (typeof HOLD_MODES)[number];

/** Of a request; clients opt in and out with it. */
export const HOLD_HEADER = 'x-switchyard-hold';

/** @throws GatewayError `invalid_request` for a value that is none of the modes. */
export function holdModeOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  fallback: HoldMode,
): HoldMode {
  const value = headers[HOLD_HEADER];
  if (value === undefined) return fallback;
  const mode = HOLD_MODES.find((known) => known === value);
  if (mode) return mode;
  throw new GatewayError('invalid_request', { message: `${HOLD_HEADER}: must be one of ${HOLD_MODES.join(', ')}` });
}

function tellsStops(id: DialectId): boolean {
  const { renderStop, stopsInLane } = dialectOf(id);
  return renderStop !== undefined || stopsInLane === true;
}

type Stoppable = Pick<CatalogueEndpoint, 'provider' | 'reasoning' | 'outputModalities'>;

/**
 * Whether an answer may be held in steps, whoever gives it: its provider stops the bill when it is stopped, and all that it bills
 * can be seen and counted as it comes. Reasoning can be hidden, media and the provider's own tools are. And the client's dialect
 * must have a way to say that the answer ended for want of credit.
 */
export const canStep = (request: CompletionRequest, endpoints: readonly Stoppable[], dialect: DialectId): boolean =>
  tellsStops(dialect) &&
  request.stream &&
  (request.n ?? 1) === 1 &&
  request.webSearchOptions === undefined &&
  endpoints.every(
    ({ provider, reasoning, outputModalities }) =>
      reasoning === null && outputModalities.every((modality) => modality === 'text') && stopsBillingOnAbort(provider),
  );
