import type { EndpointHistory } from '@switchyard/contracts';
import type { PreparedEndpoint, PreparedModel } from '../catalogue/prepared-model.js';
import type { ConditionState, HealthView } from '../health/endpoint-condition.js';
import { historyStartMs, hoursOf, uptimePercent, wasUsed } from './hours.js';

/** More endpoints than this are not listed one by one: those that are out or failing come first. */
export const MAX_LISTED = 500;

/**
 * `operational`: nothing is out. `degraded`: something is, and another endpoint of the same model serves. `outage`: nothing is left
 * that is in order.
 */
export type Status = 'operational' | 'degraded' | 'outage';

interface Line {
  readonly status: Status;
  readonly uptime_last_1d: number | null;
  /** Percent by hour, the oldest first; null for an hour without requests. */
  readonly history: readonly (number | null)[];
}
export interface ProviderStatus extends Line {
  readonly slug: string;
  readonly name: string;
  readonly endpoints: number;
  readonly endpoints_out: number;
}
export interface EndpointStatus extends Line {
  readonly model_id: string;
  readonly provider: string;
  readonly provider_name: string;
  readonly tag: string;
  readonly state: ConditionState;
}
export interface StatusReport {
  readonly status: Status;
  readonly updated_at: string;
  readonly history_start: string;
  readonly history_step_seconds: number;
  readonly models: { readonly total: number; readonly degraded: number; readonly outage: number };
  readonly providers: readonly ProviderStatus[];
  /** Endpoints that were used in the last day or are not in order, the worst first. */
  readonly endpoints: readonly EndpointStatus[];
}

export interface StatusInput {
  readonly models: readonly PreparedModel[];
  readonly health: HealthView;
  /** In the clock of `health`. */
  readonly monotonicMs: number;
  /** Providers that have a worker; null while that is not known. */
  readonly servedProviders: ReadonlySet<string> | null;
  readonly historyOf: (endpointId: string) => EndpointHistory | null;
  readonly nowMs: number;
}

interface Seen {
  readonly prepared: PreparedEndpoint;
  readonly state: ConditionState;
  /** Null for one that was not used in the last day. */
  readonly history: EndpointHistory | null;
}

/**
 * What works now and worked in the last day. Pure. A provider that has no worker is out when it was used in that day; otherwise
 * this installation does not serve it, and it is not mentioned.
 */
export function statusReport(input: StatusInput): StatusReport {
  const { models, health, monotonicMs, servedProviders, historyOf, nowMs } = input;
  const isServed = (provider: string): boolean => servedProviders?.has(provider) ?? true;
  const seen = models.map(({ endpoints }) =>
    endpoints
      .map((prepared): Seen => {
        const { id, provider } = prepared.endpoint;
        const state = isServed(provider) ? health.conditionOf(id, monotonicMs).state : 'ejected';
        const history = historyOf(id);
        return { prepared, state, history: history && wasUsed(history, nowMs) ? history : null };
      })
      .filter(({ prepared, history }) => isServed(prepared.endpoint.provider) || history !== null),
  );
  const byModel = seen.filter((endpoints) => endpoints.length > 0).map(statusOf);
  const degraded = byModel.filter((status) => status === 'degraded').length;
  const outage = byModel.filter((status) => status === 'outage').length;
  return {
    status: outage > 0 ? 'outage' : degraded > 0 ? 'degraded' : 'operational',
    updated_at: new Date(nowMs).toISOString(),
    history_start: new Date(historyStartMs(nowMs)).toISOString(),
    history_step_seconds: 3_600,
    models: { total: byModel.length, degraded, outage },
    providers: providersOf(seen.flat(), nowMs),
    endpoints: endpointsOf(seen.flat(), nowMs),
  };
}

const isOut = ({ state }: Seen): boolean => state !== 'healthy';

function statusOf(endpoints: readonly Seen[]): Status {
  const out = endpoints.filter(isOut).length;
  return out === 0 ? 'operational' : out < endpoints.length ? 'degraded' : 'outage';
}

function lineOf(endpoints: readonly Seen[], nowMs: number): Omit<Line, 'status'> {
  const hours = hoursOf(
    endpoints.map(({ history }) => history),
    nowMs,
  );
  const day = hours.reduce((sum, hour) => ({ count: sum.count + hour.count, failures: sum.failures + hour.failures }), {
    count: 0,
    failures: 0,
  });
  return { uptime_last_1d: uptimePercent(day), history: hours.map(uptimePercent) };
}

function providersOf(all: readonly Seen[], nowMs: number): readonly ProviderStatus[] {
  const groups = Map.groupBy(all, ({ prepared }) => prepared.endpoint.provider);
  return [...groups]
    .map(([slug, endpoints]): ProviderStatus => ({
      slug,
      name: endpoints[0]!.prepared.endpoint.providerName,
      status: statusOf(endpoints),
      endpoints: endpoints.length,
      endpoints_out: endpoints.filter(isOut).length,
      ...lineOf(endpoints, nowMs),
    }))
    .sort((left, right) => (left.slug < right.slug ? -1 : 1));
}

/** The worst first. */
const ORDER: readonly ConditionState[] = ['ejected', 'half_open', 'outage', 'healthy'];

function endpointsOf(all: readonly Seen[], nowMs: number): readonly EndpointStatus[] {
  return all
    .filter((one) => isOut(one) || one.history !== null)
    .map((one): EndpointStatus => {
      const { endpoint, model } = one.prepared;
      return {
        model_id: model.id,
        provider: endpoint.provider,
        provider_name: endpoint.providerName,
        tag: endpoint.tag,
        state: one.state,
        status: one.state === 'healthy' ? 'operational' : one.state === 'outage' ? 'degraded' : 'outage',
        ...lineOf([one], nowMs),
      };
    })
    .sort(
      (left, right) =>
        ORDER.indexOf(left.state) - ORDER.indexOf(right.state) ||
        (left.uptime_last_1d ?? 100) - (right.uptime_last_1d ?? 100) ||
        (`${left.model_id} ${left.tag}` < `${right.model_id} ${right.tag}` ? -1 : 1),
    )
    .slice(0, MAX_LISTED);
}
