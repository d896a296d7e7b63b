import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack, type Stack } from '@switchyard/local';
import type { Child } from '../child.js';
import { surroundings } from '../config.js';
import { modelOf, type Pace } from '../upstream/answers.js';
import type { Target } from './target.js';

export interface SwitchyardOptions {
  readonly root: string;
  readonly upstream: Child;
  /** Every pace that will be asked for: each is a model of its own, with a price. */
  readonly paces: readonly Pace[];
  readonly edges?: number;
  readonly workers?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Environment of single processes by name. */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly progress: (line: string) => void;
}

export interface SwitchyardTarget extends Target {
  readonly stack: Stack;
  /** With the secrets of this installation. */
  readonly dataDirectory: string;
}

/** Cheap enough that the account of a fresh system can pay for bodies of megabytes. */
const PRICING = { prompt: '0.00000001', completion: '0.00000004' };
/** More than what streams of ten minutes have. */
const MAX_OUTPUT = 16_384;
const CONTEXT = 32_000_000;

/** The whole system on this machine, with keys, routing, ledger and metrics on, and writes that wait for the disk. */
export async function startSwitchyard(options: SwitchyardOptions): Promise<SwitchyardTarget> {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'switchyard-bench-'));
  const forget = () => rmSync(dataDirectory, { recursive: true, force: true });
  const modelsFile = path.join(dataDirectory, 'bench-models.json');
  writeFileSync(
    modelsFile,
    JSON.stringify({
      models: [...new Set(options.paces.map(modelOf))].map((name) => ({
        id: `local/${name}`,
        upstreamModel: name,
        contextLength: CONTEXT,
        maxCompletionTokens: MAX_OUTPUT,
        inputModalities: ['text', 'image'],
        pricing: PRICING,
      })),
    }),
  );
  let stack: Stack;
  try {
    stack = await startStack({
      root: options.root,
      dataDirectory,
      port: 0,
      workers: options.workers ?? 1,
      edges: options.edges ?? 1,
      progress: options.progress,
      environment: {
        ...surroundings(),
        LOCAL_BASE_URL: `${options.upstream.url}/v1`,
        LOCAL_MODELS_FILE: modelsFile,
        ...options.environment,
      },
      ...(options.overrides && { overrides: options.overrides }),
    });
  } catch (error) {
    forget();
    throw error;
  }
  return {
    name: 'Switchyard',
    urls: stack.edgeUrls.map((url) => `${url}/api/v1/chat/completions`),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.account.apiKey}` },
    modelOf: (pace) => `local/${modelOf(pace)}`,
    processes: () => stack.services(),
    stack,
    dataDirectory,
    async stop() {
      await stack.stop();
      forget();
    },
  };
}
