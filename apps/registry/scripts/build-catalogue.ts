/**
 * Builds the data files of the catalogue out of recorded catalogues: `pnpm catalogue` in this package, or with another folder
 * to write to as its argument.
 * SWITCHYARD_FIXTURES names the folder of the recordings; default: `../shared/fixtures` beside the repository.
 * Look at the difference that it makes before committing it, and at `data/reports/build.json`.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fixturesFolder } from './config.ts';
import { jobData } from './jobs.ts';
import { namesOf } from './match.ts';
import { newModels } from './new-models.ts';
import { modelFacts, openRouterEndpoint, type EndpointFacts, type ModelFacts } from './openrouter.ts';
import { DIRECT_PROVIDERS, isGateway, providerEndpoints, type Catalogue } from './providers.ts';
import { emptyReport } from './report.ts';
import { readLiteLlm, withServiceTiers } from './service-tiers.ts';
import {
  readEndpointList,
  readGenAiPrices,
  readModelsDev,
  readOpenRouter,
  readPiAi,
  type ListedModel,
  type Source,
} from './sources.ts';

const LITELLM = { source: 'BerriAI/litellm (copy in Prajwalsrinvas/token-tariff@dc2baf9)', date: '2026-08-06' };

/** As `packages/providers` names them, which a test there checks. */
const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  alibaba: 'Alibaba Cloud',
  'ant-ling': 'Ant Ling',
  'amazon-bedrock': 'Amazon Bedrock',
  anthropic: 'Anthropic',
  avian: 'Avian',
  azure: 'Azure',
  'azure-anthropic': 'Azure AI Foundry (Claude)',
  baseten: 'BaseTen',
  cerebras: 'Cerebras',
  cloudflare: 'Cloudflare',
  cohere: 'Cohere',
  deepinfra: 'DeepInfra',
  deepseek: 'DeepSeek',
  doubleword: 'Doubleword',
  fireworks: 'Fireworks',
  google: 'Google AI Studio',
  'google-vertex': 'Google Vertex',
  groq: 'Groq',
  local: 'Local',
  meta: 'Meta',
  minimax: 'MiniMax',
  mistral: 'Mistral',
  moonshotai: 'Moonshot AI',
  nebius: 'Nebius Token Factory',
  novita: 'Novita',
  openai: 'OpenAI',
  openrouter: 'OpenRouter',
  ovhcloud: 'OVHcloud',
  perplexity: 'Perplexity',
  together: 'Together',
  vercel: 'Vercel AI Gateway',
  xai: 'xAI',
  xiaomi: 'Xiaomi',
  'z-ai': 'Z.AI',
};

/** Providers that no other catalogue has. Of the rest it has much that is no longer sold. */
const PRICED_BY_GENAI: ReadonlySet<string> = new Set(['avian', 'doubleword', 'ovhcloud']);

const here = path.dirname(fileURLToPath(import.meta.url));
const fixtures = fixturesFolder(path.resolve(here, '../../..'));
const data = path.resolve(process.argv[2] ?? path.join(here, '../data'));
if (!existsSync(path.join(fixtures, 'catalogue'))) {
  process.stderr.write(`no recorded catalogues in ${fixtures}: set SWITCHYARD_FIXTURES\n`);
  process.exit(1);
}

const report = emptyReport();
const listed = readOpenRouter(fixtures);
const tierRows = readLiteLlm(fixtures);
/** From the youngest to the oldest: what one has, the next does not change. */
const sources = [readPiAi(fixtures), readGenAiPrices(fixtures), readModelsDev(fixtures)] as const;
const [young] = sources;

const listedModels = listed.rows.map(modelFacts);
const added = newModels(listedModels, young, DIRECT_PROVIDERS);
const models = [...listedModels, ...added.models].toSorted((left, right) => (left.id < right.id ? -1 : 1));
const facts = new Map(models.map((model) => [model.id, model]));

const openRouter = listed.rows.flatMap((model) => {
  const endpoint = openRouterEndpoint(model, modelFacts(model), report);
  return endpoint ? [endpoint] : [];
});
const catalogue: Catalogue = {
  names: namesOf(models),
  models: facts,
  parameters: new Map(listed.rows.map((model) => [model.id, model.supported_parameters])),
  listedPricing: new Map(openRouter.map((endpoint) => [endpoint.model, endpoint.pricing])),
};
noteDrift(listed.rows);

rmSync(path.join(data, 'endpoints'), { recursive: true, force: true });
const taken = new Set<string>();
const direct: EndpointFacts[] = [];
for (const provider of DIRECT_PROVIDERS)
  for (const source of sources) {
    if (source.slug === 'genai-prices' && !PRICED_BY_GENAI.has(provider)) continue;
    const endpoints = providerEndpoints(provider, source, catalogue, taken, report);
    direct.push(...endpoints);
    write(`endpoints/${provider}--${source.slug}.json`, source, {
      endpoints: withEndpointLists(withServiceTiers(endpoints, tierRows, report)),
    });
  }
write('endpoints/openrouter--openrouter.json', listed, { endpoints: openRouter });
// What is new at OpenRouter is served there only at a price that the maker's own catalogue confirms.
const confirmed = added.confirmedBy(direct.filter(({ provider }) => !isGateway(provider)));
write('endpoints/openrouter--pi-ai.json', young, { endpoints: confirmed });

const served = new Set([...openRouter, ...direct].map((endpoint) => endpoint.model));
const kept = models.filter((model) => served.has(model.id));
const isListed = (model: ModelFacts) => listedModels.some((one) => one.id === model.id);
write('models/openrouter.json', listed, { models: kept.filter(isListed) });
write('models/pi-ai.json', young, { models: kept.filter((model) => !isListed(model)) });
write('jobs.json', LITELLM, jobData(tierRows));
write('names.json', listed, {
  authors: authors(kept),
  providers: Object.entries(PROVIDER_NAMES).map(([id, name]) => ({ id, name })),
});
writeText('reports/build.json', report);
process.stdout.write(
  `${kept.length} models, ${openRouter.length + direct.length + confirmed.length} endpoints, ` +
    `${report.notServed.length} not served, ${report.unmatched.length} names without a model\n`,
);

/** Limits and quantisation that OpenRouter's endpoint lists know of the same endpoint. */
function withEndpointLists(endpoints: EndpointFacts[]): EndpointFacts[] {
  const known = ['endpoints--moonshotai-kimi-k3.json'].map((name) => readEndpointList(fixtures, name).data);
  return endpoints.map((endpoint) => {
    const found = known.find(({ id }) => id === endpoint.model)?.endpoints.find(({ tag }) => tag === endpoint.tag);
    if (!found) return endpoint;
    return {
      ...endpoint,
      supportedParameters: endpoint.supportedParameters.filter((name) => found.supported_parameters.includes(name)),
      quantization: found.quantization ?? 'unknown',
    };
  });
}

function noteDrift(rows: readonly ListedModel[]): void {
  const later = new Map(
    young.rows.filter((row) => row.provider === 'openrouter').map((row) => [row.upstreamModel, row.cost]),
  );
  for (const { id, pricing } of rows) {
    const cost = later.get(id);
    const [input, output] = [Number(pricing['prompt']) * 1e6, Number(pricing['completion']) * 1e6];
    if (!cost || input < 0) continue;
    if (Math.abs(input - (cost.input ?? 0)) > 1e-6 || Math.abs(output - (cost.output ?? 0)) > 1e-6)
      report.drift.push({
        model: id,
        listed: `${Number(input.toFixed(6))}/${Number(output.toFixed(6))} per million on ${listed.date}`,
        later: `${cost.input}/${cost.output} on ${young.date}`,
      });
  }
}

/** `DeepSeek: DeepSeek V4` names the author before the colon. */
function authors(all: readonly ModelFacts[]) {
  const names = new Map<string, string>();
  for (const { author, name } of all.toSorted((left, right) => left.created - right.created))
    if (name.includes(': ')) names.set(author, name.slice(0, name.indexOf(': ')));
    else if (!names.has(author)) names.set(author, author);
  return [...names].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([slug, name]) => ({ slug, name }));
}

function write(
  name: string,
  source: Pick<Source<unknown>, 'source' | 'date'>,
  content: Record<string, unknown[]>,
): void {
  if (Object.values(content).some((list) => list.length > 0))
    writeText(name, { source: source.source, date: source.date, ...content });
}

function writeText(name: string, content: unknown): void {
  const file = path.join(data, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}
