import type { Provider, Quirks } from './provider.js';
import { settingsOf } from './settings.js';

/** What the page reads of an endpoint of the catalogue's data. */
export interface ListedEndpoint {
  readonly provider: string;
  readonly model: string;
  readonly inputModalities: readonly string[];
  readonly outputModalities: readonly string[];
  readonly supportedParameters: readonly string[];
  readonly pricing: Readonly<Record<string, unknown>>;
}

const INTRODUCTION = `# Providers

Made from \`packages/providers\` and the catalogue's data by \`pnpm --filter @switchyard/providers page\`; do not edit it. How one is added:
[adding-a-provider.md](adding-a-provider.md).

\`npm start\` starts workers for every provider whose key is in the environment or in \`.env\`; each variable can be given as \`<name>_FILE\` as well. With Docker see
[operating.md](operating.md#providers).`;

const MODELS = `## Keys and models

"Models" counts those of the catalogue that come with a price; a dash means that no price list at hand knows the provider, so an operator adds its models
([apps/registry](../apps/registry/README.md)). "Can" is what at least one of these models does.`;

const RULES = `## Addresses and rules

"Cancelled stream": whether the provider stops the bill when its connection closes. Where it goes on, a cancelled answer is read to its end and charged
([who-pays.md](who-pays.md)). "Proof" names folders of recorded exchanges that the tests run through the protocol; without one there is the documentation alone, as
it was on the day in the last column.`;

/** The text of docs/providers.md: one line for each provider, by name, in the form that the formatter leaves alone. */
export function renderPage(providers: Iterable<Provider>, endpoints: readonly ListedEndpoint[]): string {
  const rows = [...providers].toSorted((left, right) => left.name.localeCompare(right.name, 'en'));
  const of = Map.groupBy(endpoints, ({ provider }) => provider);
  const models = table(
    ['provider', 'id', 'key', 'speaks', 'models', 'can'],
    rows.map((each) => modelsRow(each, of.get(each.id) ?? [])),
  );
  const rules = table(
    ['provider', 'address', 'differs in', 'cancelled stream', 'proof', 'read on'],
    rows.map(rulesRow),
  );
  return `${[INTRODUCTION, MODELS, models, RULES, rules].join('\n\n')}\n`;
}

const modelsRow = (provider: Provider, endpoints: readonly ListedEndpoint[]): string[] => [
  provider.documentation ? `[${provider.name}](${provider.documentation.url})` : provider.name,
  code(provider.id),
  keysOf(provider),
  [provider.protocol, ...(provider.also ?? []).map(({ protocol }) => protocol)].join(', '),
  endpoints.length === 0 ? '–' : String(new Set(endpoints.map(({ model }) => model)).size),
  abilitiesOf(endpoints).join(', ') || '–',
];

const rulesRow = (provider: Provider): string[] => [
  provider.name,
  provider.baseUrl === null ? code(provider.baseUrlVariable) : code(provider.baseUrl),
  quirksOf(provider.quirks).join('; ') || '–',
  provider.stopsBillingOnAbort ? 'stops the bill' : 'goes on',
  (provider.recordings ?? []).map(code).join(', ') || '–',
  (provider.documentation ?? provider.source).date,
];

function keysOf(provider: Provider): string {
  const settings = Object.values(settingsOf(provider)).map(({ variable }) => code(variable));
  const key = provider.keyRequired ? code(provider.apiKeyVariable) : `${code(provider.apiKeyVariable)} (optional)`;
  return [key, ...settings].join(', ');
}

/** What an endpoint shows that it can do, by the words of the page. */
const ABILITIES: Readonly<Record<string, (endpoint: ListedEndpoint) => boolean>> = {
  tools: ({ supportedParameters }) => supportedParameters.includes('tools'),
  schemas: ({ supportedParameters }) => supportedParameters.includes('structured_outputs'),
  reasoning: ({ supportedParameters }) => supportedParameters.includes('reasoning'),
  caching: ({ pricing }) => pricing['input_cache_read'] !== undefined,
  images: ({ inputModalities }) => inputModalities.includes('image'),
  files: ({ inputModalities }) => inputModalities.includes('file'),
  audio: ({ inputModalities }) => inputModalities.includes('audio'),
  video: ({ inputModalities }) => inputModalities.includes('video'),
  'makes images': ({ outputModalities }) => outputModalities.includes('image'),
  embeddings: ({ outputModalities }) => outputModalities.includes('embeddings'),
  rerank: ({ outputModalities }) => outputModalities.includes('rerank'),
  speech: ({ outputModalities }) => outputModalities.includes('speech'),
  transcription: ({ outputModalities }) => outputModalities.includes('transcription'),
};

const abilitiesOf = (endpoints: readonly ListedEndpoint[]): string[] =>
  Object.entries(ABILITIES).flatMap(([name, has]) => (endpoints.some(has) ? [name] : []));

function quirksOf({ rename, omit, defaults, reasoningSwitch, reasoningField, paths }: Quirks = {}): string[] {
  return [
    ...Object.entries(rename ?? {}).map(([from, to]) => `${code(from)} is ${code(to)}`),
    ...(omit ? [`never gets ${omit.map(code).join(', ')}`] : []),
    ...(defaults ? [`gets ${Object.keys(defaults).map(code).join(', ')}`] : []),
    ...(reasoningSwitch ? [`thinks or not by ${code(reasoningSwitch)}`] : []),
    ...Object.entries(paths ?? {}).map(([from, to]) => `${code(from)} is at ${code(to)}`),
    ...(reasoningField ? [`reads earlier reasoning in ${code(reasoningField)}`] : []),
  ];
}

const code = (text: string): string => `\`${text}\``;

/** A table whose columns are as wide as their widest cell, as the formatter writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
