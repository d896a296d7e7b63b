import type { Stack } from './stack.js';

/** What a newcomer reads when everything is up: the address, the keys, a request that works as it stands. */
export function welcome(stack: Stack, seconds: number): string {
  return `
Switchyard is ready (${seconds.toFixed(1)} s).

  Base URL        ${stack.baseUrl}
  API key         ${stack.account.apiKey}
  Management key  ${stack.account.managementKey}
  Providers       ${stack.providers.join(', ')}

Try it:

  curl ${stack.baseUrl}/chat/completions \\
    -H 'Authorization: Bearer ${stack.account.apiKey}' \\
    -H 'Content-Type: application/json' \\
    -d '{"model": "sandbox/echo", "stream": true, "messages": [{"role": "user", "content": "Hello!"}]}'

Ctrl-C stops everything; keys, credits and records are kept.
`;
}
