import type { PreparedEndpoint } from '../../catalogue/prepared-model.js';
import type { EndpointCondition } from '../../health/endpoint-condition.js';
import type { PlaceReason } from '../routing.js';

/** An endpoint that passed the filters, with its condition at this moment. */
export interface Contender {
  readonly prepared: PreparedEndpoint;
  readonly condition: EndpointCondition;
}

/** A contender in its place in the order of attempts. */
export interface Placed {
  readonly prepared: PreparedEndpoint;
  readonly reason: PlaceReason;
}

export const place =
  (reason: PlaceReason) =>
  ({ prepared }: Contender): Placed => ({ prepared, reason });

/** Splits contenders into stable ones, ones with an outage, and ejected ones, each in the order given. */
export function byCondition(contenders: readonly Contender[]): {
  readonly stable: Contender[];
  readonly outage: Contender[];
  readonly ejected: Contender[];
} {
  const groups = { stable: [] as Contender[], outage: [] as Contender[], ejected: [] as Contender[] };
  for (const contender of contenders) {
    const { state } = contender.condition;
    groups[state === 'outage' || state === 'ejected' ? state : 'stable'].push(contender);
  }
  return groups;
}

const DOWN: ReadonlySet<PlaceReason> = new Set(['outage', 'ejected']);

/** Whether an endpoint stands where it stands because it does not answer. */
export const isDown = ({ reason }: Placed): boolean => DOWN.has(reason);

/** One order after the other, but endpoints that are down behind all others, those with an outage first. */
export function concatenated(...orders: readonly (readonly Placed[])[]): Placed[] {
  const all = orders.flat();
  return [
    ...all.filter((one) => !isDown(one)),
    ...all.filter(({ reason }) => reason === 'outage'),
    ...all.filter(({ reason }) => reason === 'ejected'),
  ];
}
