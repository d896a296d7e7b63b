import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from './options.js';

const TIMEOUT_MS = 3_000;
const MAX_MODELS = 200;
/** Where the server does not say: what the smallest of today's open models take. */
const USUAL_CONTEXT = 8_192;

interface ListedModel {
  readonly id?: unknown;
  /** vLLM says how long its context is. */
  readonly max_model_len?: unknown;
}

/** `local/<slug>` of a server's own id: a public model id has one slash and no spaces or colons, which mean a variant. */
const publicId = (id: string): string => `local/${id.toLowerCase().replaceAll(/[^a-z0-9._-]+/g, '-')}`;

/**
 * The file that names the models of an own OpenAI-compatible server: LOCAL_MODELS_FILE, else one made from what the server lists
 * at `GET /models`, free of charge. `null` without a server. A server that does not answer is no reason not to start.
 * @throws UsageError when LOCAL_MODELS_FILE does not exist.
 */
export async function findLocalModels(options: {
  readonly root: string;
  readonly dataDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly note: (line: string) => void;
}): Promise<string | null> {
  const { environment } = options;
  if (environment['LOCAL_MODELS_FILE']) {
    const file = path.resolve(options.root, environment['LOCAL_MODELS_FILE']);
    if (!existsSync(file)) throw new UsageError(`LOCAL_MODELS_FILE: there is no file ${file}`);
    return file;
  }
  const baseUrl = environment['LOCAL_BASE_URL'];
  if (!baseUrl) return null;
  const file = path.join(options.dataDirectory, 'local-models.json');
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
      headers: environment['LOCAL_API_KEY'] ? { authorization: `Bearer ${environment['LOCAL_API_KEY']}` } : {},
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { data } = (await response.json()) as { data?: readonly ListedModel[] };
    const models = (data ?? []).slice(0, MAX_MODELS).flatMap(({ id, max_model_len: length }) =>
      typeof id === 'string' && id !== ''
        ? [
            {
              id: publicId(id),
              upstreamModel: id,
              contextLength: typeof length === 'number' ? length : USUAL_CONTEXT,
              free: true,
            },
          ]
        : [],
    );
    writeFileSync(file, `${JSON.stringify({ models }, null, 2)}\n`);
    options.note(`models of LOCAL_BASE_URL: ${models.map(({ id }) => id).join(', ') || 'none'}`);
  } catch {
    options.note('LOCAL_BASE_URL does not list its models; name them in LOCAL_MODELS_FILE');
  }
  return existsSync(file) ? file : null;
}
