import { JOB_IDS } from '@switchyard/contracts';
import type { CatalogueEndpoint, CatalogueModel, Price } from '@switchyard/contracts';

/** Something that keeps a model out of the catalogue; the path is that of the contract (`endpoints[0].price.prompt`). */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

export interface FaultOptions {
  /** What the catalogue holds now; null for a new model. */
  readonly previous: CatalogueModel | null;
  /** The source says that these endpoints cost nothing. */
  readonly isFree?: (endpoint: CatalogueEndpoint) => boolean;
  /** Zero prices and tenfold jumps are meant. */
  readonly force?: boolean;
}

/** `author/slug` in the form of OpenRouter, with a variant at most; a leading `~` marks an alias that moves. */
const MODEL_ID = /^~?[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(:[a-z0-9-]+)?$/;

const JUMP = 10n;
const WHOLE_PPM = 1_000_000;
const TOKEN_UNITS = [
  'prompt',
  'completion',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'reasoning',
  'audioInput',
  'audioCacheRead',
  'audioOutput',
  'imageToken',
  'imageOutput',
] as const;
const PIECE_UNITS = ['request', 'image', 'webSearch', 'character', 'second', 'outputImage'] as const;
/** What a job can be paid for instead of tokens. */
const INSTEAD_OF_TOKENS = ['request', 'character', 'second', 'outputImage'] as const;
type Unit = (typeof TOKEN_UNITS)[number] | (typeof PIECE_UNITS)[number];
const UNITS: readonly Unit[] = [...TOKEN_UNITS, ...PIECE_UNITS];

// The dearest known token costs 0.0006 USD. A tenth of a dollar per token can only be a price in the wrong unit.
const MAX_TOKEN_PICOS = 100_000_000_000n;
const MAX_PIECE_PICOS = 1_000_000_000_000_000n;
/** What is paid for by its input alone: the price of output is zero by nature. Any job may be paid for by the piece alone. */
const WITHOUT_OUTPUT_TOKENS = new Set(['embeddings', 'rerank']);
const JOB_OUTPUTS: ReadonlySet<string> = new Set(JOB_IDS);

/** All that is wrong with a model; empty when it may be served. */
export function faultsOf(model: CatalogueModel, options: FaultOptions): Fault[] {
  return [
    ...modelFaults(model),
    ...model.endpoints.flatMap((endpoint, index) => endpointFaults(model, endpoint, index, options)),
  ];
}

function* modelFaults(model: CatalogueModel): Generator<Fault> {
  if (!MODEL_ID.test(model.id)) yield { path: 'id', message: 'must have the form author/slug or author/slug:variant' };
  if (model.endpoints.length === 0) yield { path: 'endpoints', message: 'needs at least one endpoint' };
  const ids = model.endpoints.map((endpoint) => endpoint.id);
  const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (twice !== -1) yield { path: `endpoints[${twice}].id`, message: 'is there twice' };
}

function endpointFaults(
  model: CatalogueModel,
  endpoint: CatalogueEndpoint,
  index: number,
  { previous, isFree = () => false, force = false }: FaultOptions,
): Fault[] {
  const path = `endpoints[${index}]`;
  const before = previous?.endpoints.find((candidate) => candidate.id === endpoint.id)?.price ?? null;
  const zeroAllowed = force || isFree(endpoint);
  return [
    ...identityFaults(model, endpoint, path),
    ...rangeFaults(endpoint.price, `${path}.price`),
    ...(zeroAllowed ? [] : zeroFaults(endpoint, `${path}.price`)),
    ...(before && !force ? jumpFaults(before, endpoint.price, `${path}.price`) : []),
  ];
}

function* identityFaults(model: CatalogueModel, endpoint: CatalogueEndpoint, path: string): Generator<Fault> {
  if (endpoint.modelId !== model.id) yield { path: `${path}.modelId`, message: `must be ${model.id}` };
  if (endpoint.tag !== endpoint.provider && !endpoint.tag.startsWith(`${endpoint.provider}/`))
    yield { path: `${path}.tag`, message: `must be ${endpoint.provider} or begin with ${endpoint.provider}/` };
  const ids = [`${endpoint.provider}:${model.id}`, `${endpoint.tag}:${model.id}`];
  if (!ids.includes(endpoint.id)) yield { path: `${path}.id`, message: `must be ${ids[1]}` };
}

type Prices = Partial<Pick<Price, Unit>>;

interface Row {
  readonly row: Prices;
  readonly path: string;
  /** Names the row by what selects it, so that it is found in another version of the price. */
  readonly key: string;
}

/** Every row of a price that somebody can be charged by. */
const rowsOf = (price: Price, path: string): Row[] => [
  { row: price, path, key: '' },
  ...overridesOf(price, path, ''),
  ...Object.entries(price.serviceTiers ?? {}).flatMap(([tier, row]) => [
    { row, path: `${path}.serviceTiers.${tier}`, key: tier },
    ...overridesOf(row, `${path}.serviceTiers.${tier}`, tier),
  ]),
];

const overridesOf = ({ overrides = [] }: Pick<Price, 'overrides'>, path: string, tier: string): Row[] =>
  overrides.map((row, index) => ({
    row,
    path: `${path}.overrides[${index}]`,
    key: [tier, row.minPromptTokens, row.utcStartMinute, row.utcEndMinute].join('/'),
  }));

function* rangeFaults(price: Price, path: string): Generator<Fault> {
  for (const { row, path: rowPath } of rowsOf(price, path)) {
    for (const unit of UNITS) {
      const most = (PIECE_UNITS as readonly string[]).includes(unit) ? MAX_PIECE_PICOS : MAX_TOKEN_PICOS;
      if ((row[unit] ?? 0n) > most)
        yield { path: `${rowPath}.${unit}`, message: `is over ${most} pico-USD: probably a price in another unit` };
    }
  }
}

function* zeroFaults(endpoint: CatalogueEndpoint, path: string): Generator<Fault> {
  const inputOnly = endpoint.outputModalities.every((modality) => WITHOUT_OUTPUT_TOKENS.has(modality));
  const isJob = endpoint.outputModalities.every((modality) => JOB_OUTPUTS.has(modality));
  for (const { row, path: rowPath } of rowsOf(endpoint.price, path)) {
    const byPiece = isJob && INSTEAD_OF_TOKENS.some((unit) => (row[unit] ?? 0n) > 0n);
    for (const unit of UNITS) {
      const isToken = unit === 'prompt' || unit === 'completion';
      if (row[unit] !== 0n || (unit === 'completion' && inputOnly) || (isToken && byPiece)) continue;
      yield {
        path: `${rowPath}.${unit}`,
        message: 'is zero: leave an unknown price out, or say with force that it is free',
      };
    }
  }
  if (endpoint.price.discountPpm === WHOLE_PPM)
    yield { path: `${path}.discountPpm`, message: 'takes all of it off: say with force that it is free' };
}

function* jumpFaults(before: Price, after: Price, path: string): Generator<Fault> {
  const rowsBefore = new Map(rowsOf(before, path).map(({ key, row }) => [key, row]));
  for (const { row, path: rowPath, key } of rowsOf(after, path))
    for (const unit of UNITS) {
      const [from, to] = [rowsBefore.get(key)?.[unit], row[unit]];
      if (from === undefined || to === undefined || from === 0n || to === 0n) continue;
      if (to >= from * JUMP || to * JUMP <= from)
        yield {
          path: `${rowPath}.${unit}`,
          message: `jumps tenfold, from ${from} to ${to} pico-USD: say with force that it is meant`,
        };
    }
}
