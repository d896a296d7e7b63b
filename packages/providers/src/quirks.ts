import type { Provider } from './provider.js';

/** Applies a provider's {@link Quirks} to a rendered request; the request itself stays as it is. */
export function applyQuirks<Request extends { readonly path: string; readonly body: Record<string, unknown> }>(
  { quirks }: Pick<Provider, 'quirks'>,
  request: Request,
): Request {
  if (!quirks) return request;
  const body = { ...request.body };
  for (const [from, to] of Object.entries(quirks.rename ?? {})) {
    if (!(from in body)) continue;
    body[to] ??= body[from];
    delete body[from];
  }
  for (const name of quirks.omit ?? []) delete body[name];
  if (quirks.reasoningSwitch) switchReasoning(body, quirks.reasoningSwitch);
  for (const [name, value] of Object.entries(quirks.defaults ?? {})) body[name] ??= value;
  return { ...request, path: quirks.paths?.[request.path] ?? request.path, body };
}

/** Says with the provider's switch what the protocol says with an effort; a client's own use of the switch stays. */
function switchReasoning(body: Record<string, unknown>, field: 'thinking' | 'enable_thinking'): void {
  const effort = body['reasoning_effort'];
  delete body['reasoning_effort'];
  if (effort === undefined) return;
  const isOn = effort !== 'none';
  body[field] ??= field === 'thinking' ? { type: isOn ? 'enabled' : 'disabled' } : isOn;
}
