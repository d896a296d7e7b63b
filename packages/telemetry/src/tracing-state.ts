/**
 * Whether spans are recorded in this process. A symbol of the global registry and not a module variable, because `register`
 * is loaded by `node --import` before the service and must speak to the same switch whatever path it was loaded by.
 */
const TRACING = Symbol.for('switchyard.tracing');

interface Switch {
  [TRACING]?: boolean;
}

export const isTracing = (): boolean => (globalThis as Switch)[TRACING] === true;

export const setTracing = (enabled: boolean): void => {
  (globalThis as Switch)[TRACING] = enabled;
};
