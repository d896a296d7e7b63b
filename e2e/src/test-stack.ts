import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { startStack, type Stack, type StackOptions } from '@switchyard/local';
export { costNanos } from './costs.js';
import { spawnSimulator, waitUntil, type Simulator } from '@switchyard/testing';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Starting everything takes some seconds on an idle machine; a busy one may need far longer. */
export const START_TIMEOUT_MS = 180_000;

export interface TestStack extends Stack {
  /** The upstream of every provider of the stack. */
  readonly upstream: Simulator;
  readonly client: OpenAI;
  /** Calls the public API with the management key unless told otherwise. */
  api(
    pathName: string,
    options?: { method?: string; body?: string; headers?: Record<string, string>; key?: string | null; edge?: number },
  ): Promise<{ status: number; body: Json; headers: Headers }>;
  /** Names and pids of the running workers of a provider. */
  workers(provider: string): { name: string; pid: number }[];
}

/** Parsed JSON of an answer, for assertions: any member may be asked for, and is absent until proven otherwise. */
export interface Json {
  readonly [name: string]: Json | undefined;
}

/** A member of an answer as what the test knows it to be. */
export const as = <T>(value: Json | undefined): T => value as unknown as T;

/** The whole system on free ports and a temporary folder, with the simulator as the upstream of openai, anthropic, google and groq. */
export async function startTestStack({
  providersOf,
  ...options
}: Partial<StackOptions> & {
  /** Further providers and other addresses, by that of the simulator behind them. */
  readonly providersOf?: (simulatorUrl: string) => Readonly<Record<string, string>>;
} = {}): Promise<TestStack> {
  const upstream = await spawnSimulator({ tokensPerSecond: 0 });
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'switchyard-e2e-'));
  const lines: string[] = [];
  const { PATH = '', HOME = '', SWITCHYARD_FIXTURES } = process.env;
  let stack: Stack;
  try {
    stack = await startStack({
      root: ROOT,
      dataDirectory,
      port: 0,
      workers: 1,
      // Most tests keep nothing, and one process less starts sooner.
      vault: false,
      progress: (line) => lines.push(line),
      ...options,
      environment: {
        PATH,
        HOME,
        ...(SWITCHYARD_FIXTURES && { SWITCHYARD_FIXTURES }),
        OPENAI_API_KEY: 'sk-upstream-openai',
        OPENAI_BASE_URL: `${upstream.url}/replay/openai/v1`,
        ANTHROPIC_API_KEY: 'sk-upstream-anthropic',
        ANTHROPIC_BASE_URL: `${upstream.url}/replay/anthropic/v1`,
        GOOGLE_API_KEY: 'upstream-google',
        GOOGLE_BASE_URL: `${upstream.url}/replay/gemini/v1beta`,
        SIMULATOR_CONTROL: '1',
        SIMULATOR_TOKENS_PER_SECOND: '0',
        ...providersOf?.(upstream.url),
        ...options.environment,
      },
    });
  } catch (error) {
    await upstream.stop();
    throw new Error(`the stack did not start after:\n${lines.join('\n')}`, { cause: error });
  }
  return {
    ...stack,
    upstream,
    client: new OpenAI({ baseURL: stack.baseUrl, apiKey: stack.account.apiKey, maxRetries: 0 }),
    async api(pathName, { key = stack.account.managementKey, edge = 0, ...init } = {}) {
      const response = await fetch(`${stack.edgeUrls[edge]}/api/v1${pathName}`, {
        ...init,
        headers: {
          ...(key !== null && { authorization: `Bearer ${key}` }),
          ...(init.body !== undefined && { 'content-type': 'application/json' }),
          ...init.headers,
        },
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as Json };
    },
    workers: (provider) => stack.services().filter(({ name }) => name.startsWith(`worker-${provider}-`)),
    async stop() {
      await stack.stop();
      await upstream.stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Credits of the account in nano-USD, exactly: through the decimal text, never through a float. */
export async function availableNanos(stack: TestStack): Promise<bigint> {
  const { body } = await stack.api('/credits');
  const nanos = (usd: number) => {
    const [whole = '0', fraction = ''] = usd.toFixed(9).split('.');
    return BigInt(whole + fraction);
  };
  return nanos(as<number>(body['data']?.['total_credits'])) - nanos(as<number>(body['data']?.['total_usage']));
}

/**
 * Waits until nothing of earlier requests is still on its way to the books: no event waits for the ledger and what the account has
 * spent stands still. What is compared with "before" must begin here, or it counts what another test has bought.
 */
export async function booksAtRest(stack: TestStack): Promise<void> {
  let last: unknown;
  await waitUntil(
    async () => {
      const spent = (await stack.api('/credits')).body['data']?.['total_usage'];
      const waiting = (await stack.api('/audit')).body['data']?.['backlog'] as { waiting?: number } | null;
      const rests = spent !== undefined && spent === last && (waiting?.waiting ?? 0) === 0;
      last = spent;
      return rests;
    },
    { what: 'the books are at rest', timeoutMs: 30_000, intervalMs: 500 },
  );
}
