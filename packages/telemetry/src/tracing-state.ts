/**
 * Whether spans are recorded in this process, and how what is recorded gets out. In the registry of global symbols and not in a
 * module variable, because `register` is loaded by `node --import` before the service and must speak to the same switch.
 */
const TRACING = Symbol.for('switchyard.telemetry');

interface TelemetryState {
  readonly tracing: boolean;
  readonly flush: () => Promise<void>;
}

const state = globalThis as { [TRACING]?: TelemetryState };

export const isTracing = (): boolean => state[TRACING]?.tracing === true;

export const setTelemetry = (telemetry: TelemetryState | undefined): void => {
  state[TRACING] = telemetry;
};

const FLUSH_DEADLINE_MS = 3_000;

/**
 * Sends what is recorded but not exported yet; does nothing when telemetry is off. Never throws and never waits for long: a
 * collector that is away must not keep a process from stopping.
 */
export async function flushTelemetry(): Promise<void> {
  const telemetry = state[TRACING];
  if (!telemetry) return;
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_DEADLINE_MS);
  await Promise.race([telemetry.flush().catch(() => undefined), late]);
  clearTimeout(timer);
}
