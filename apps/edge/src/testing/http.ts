import { connect } from 'node:net';

export const postJson = (
  url: string,
  secret: string | null,
  body: unknown,
  init: RequestInit = {},
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    ...init,
    headers: {
      'content-type': 'application/json',
      ...(secret !== null && { authorization: `Bearer ${secret}` }),
      ...(init.headers as Record<string, string> | undefined),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

export interface ErrorBody {
  readonly error: { readonly code: number; readonly message: string; readonly metadata: Record<string, unknown> };
}

export const errorOfResponse = async (response: Response): Promise<ErrorBody['error']> =>
  ((await response.json()) as ErrorBody).error;

/** Sends bytes as they are and answers everything that comes back until the connection closes or the time is up. */
export function raw(url: string, bytes: string | Buffer, timeoutMs = 3_000): Promise<string> {
  const { hostname, port } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(port), hostname);
  let answer = '';
  const finish = () => {
    socket.destroy();
    resolve(answer);
  };
  const timer = setTimeout(finish, timeoutMs);
  socket.on('data', (data) => (answer += data.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(timer);
    finish();
  });
  socket.write(bytes);
  return promise;
}

/** Like most clients: reads the answer only when the whole request is written. Empty when the connection broke before. */
export async function writeThenRead(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const failed = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(true));
    socket.write(bytes, (error) => resolve(error !== undefined && error !== null));
  });
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString('latin1');
    // The refusal has arrived; the connection may stay open for the next request.
    if (answer.endsWith('}')) socket.end();
  });
  if (failed) socket.destroy();
  else socket.resume();
  await closed;
  return answer;
}

/** The JSON payloads of a stream of server-sent events, and whether it ended with `[DONE]`. */
export function eventsOf(text: string): { readonly events: Record<string, unknown>[]; readonly done: boolean } {
  const data = text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice('data: '.length));
  return {
    events: data.filter((line) => line !== '[DONE]').map((line) => JSON.parse(line) as Record<string, unknown>),
    done: data.at(-1) === '[DONE]',
  };
}
