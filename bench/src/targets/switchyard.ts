import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startStack } from '@switchyard/local';
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
  /** More models, so that the catalogue is as large as that of an installation with many providers. */
  readonly fillerModels?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly progress: (line: string) => void;
}

/** Cheap enough that the account of a fresh system can pay for bodies of megabytes. */
const PRICING = { prompt: '0.00000001', completion: '0.00000004' };
const MAX_OUTPUT = 8_192;
const CONTEXT = 32_000_000;

/** The whole system on this machine, with keys, routing, ledger and metrics on, and writes that wait for the disk. */
export async function startSwitchyard(options: SwitchyardOptions): Promise<Target> {
  const dataDirectory = mkdtempSync(path.join(tmpdir(), 'switchyard-bench-'));
  const names = [...new Set(options.paces.map(modelOf))];
  const filler = Array.from({ length: options.fillerModels ?? 0 }, (_, index) => `filler-${index}`);
  const modelsFile = path.join(dataDirectory, 'bench-models.json');
  writeFileSync(
    modelsFile,
    JSON.stringify({
      models: [...names, ...filler].map((name) => ({
        id: `local/${name}`,
        upstreamModel: name,
        contextLength: CONTEXT,
        maxCompletionTokens: MAX_OUTPUT,
        inputModalities: ['text', 'image'],
        pricing: PRICING,
      })),
    }),
  );
  const stack = await startStack({
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
  });
  return {
    name: 'Switchyard',
    url: `${stack.baseUrl}/chat/completions`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.account.apiKey}` },
    modelOf: (pace) => `local/${modelOf(pace)}`,
    processes: () => stack.services(),
    async stop() {
      await stack.stop();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
