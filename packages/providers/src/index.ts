import type { Provider } from './provider.js';
import { ai21 } from './providers/ai21.js';
import { alibaba } from './providers/alibaba.js';
import { amazonBedrock } from './providers/amazon-bedrock.js';
import { antLing } from './providers/ant-ling.js';
import { anthropic } from './providers/anthropic.js';
import { arcee } from './providers/arcee.js';
import { atlasCloud } from './providers/atlas-cloud.js';
import { avian } from './providers/avian.js';
import { azureAnthropic } from './providers/azure-anthropic.js';
import { azure } from './providers/azure.js';
import { baseten } from './providers/baseten.js';
import { bedrockMantle } from './providers/bedrock-mantle.js';
import { cerebras } from './providers/cerebras.js';
import { chutes } from './providers/chutes.js';
import { cloudflare } from './providers/cloudflare.js';
import { cohere } from './providers/cohere.js';
import { crusoe } from './providers/crusoe.js';
import { databricks } from './providers/databricks.js';
import { deepinfra } from './providers/deepinfra.js';
import { deepseek } from './providers/deepseek.js';
import { doubleword } from './providers/doubleword.js';
import { featherless } from './providers/featherless.js';
import { fireworks } from './providers/fireworks.js';
import { friendli } from './providers/friendli.js';
import { gmicloud } from './providers/gmicloud.js';
import { googleVertex } from './providers/google-vertex.js';
import { google } from './providers/google.js';
import { groq } from './providers/groq.js';
import { huggingface } from './providers/huggingface.js';
import { hyperbolic } from './providers/hyperbolic.js';
import { inception } from './providers/inception.js';
import { inferenceNet } from './providers/inference-net.js';
import { ioNet } from './providers/io-net.js';
import { local } from './providers/local.js';
import { meta } from './providers/meta.js';
import { minimax } from './providers/minimax.js';
import { mistral } from './providers/mistral.js';
import { moonshotai } from './providers/moonshotai.js';
import { morph } from './providers/morph.js';
import { nebius } from './providers/nebius.js';
import { novita } from './providers/novita.js';
import { nscale } from './providers/nscale.js';
import { nvidia } from './providers/nvidia.js';
import { ollama } from './providers/ollama.js';
import { openai } from './providers/openai.js';
import { openrouter } from './providers/openrouter.js';
import { ovhcloud } from './providers/ovhcloud.js';
import { parasail } from './providers/parasail.js';
import { perplexity } from './providers/perplexity.js';
import { phala } from './providers/phala.js';
import { sambanova } from './providers/sambanova.js';
import { sandbox } from './providers/sandbox.js';
import { scaleway } from './providers/scaleway.js';
import { siliconflow } from './providers/siliconflow.js';
import { snowflake } from './providers/snowflake.js';
import { stepfun } from './providers/stepfun.js';
import { together } from './providers/together.js';
import { upstage } from './providers/upstage.js';
import { venice } from './providers/venice.js';
import { vercel } from './providers/vercel.js';
import { voyage } from './providers/voyage.js';
import { vultr } from './providers/vultr.js';
import { wandb } from './providers/wandb.js';
import { writer } from './providers/writer.js';
import { xai } from './providers/xai.js';
import { xiaomi } from './providers/xiaomi.js';
import { zAi } from './providers/z-ai.js';

export { basePathOf, completeBaseUrl, joinUrl } from './base-url.js';
export { anthropicKey, bearer, googleKey } from './authorize.js';
export { defineProvider } from './provider.js';
export type { Provider, Quirks, Source } from './provider.js';
export { applyQuirks } from './quirks.js';
export { ADDRESS_VALUE, fillBaseUrl, isConfigured, isGiven, mustSign, settingsOf, variablesOf } from './settings.js';
export type { Setting, Settings, Signing } from './settings.js';

/** Every provider by its id. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [
    openai,
    azure,
    anthropic,
    azureAnthropic,
    google,
    googleVertex,
    amazonBedrock,
    bedrockMantle,
    groq,
    mistral,
    deepseek,
    xai,
    together,
    fireworks,
    cerebras,
    alibaba,
    antLing,
    atlasCloud,
    avian,
    baseten,
    chutes,
    deepinfra,
    doubleword,
    featherless,
    friendli,
    gmicloud,
    hyperbolic,
    inception,
    inferenceNet,
    meta,
    minimax,
    moonshotai,
    morph,
    nebius,
    novita,
    nscale,
    nvidia,
    ovhcloud,
    parasail,
    phala,
    sambanova,
    scaleway,
    siliconflow,
    upstage,
    venice,
    vercel,
    wandb,
    xiaomi,
    zAi,
    ai21,
    arcee,
    ioNet,
    stepfun,
    voyage,
    vultr,
    cloudflare,
    cohere,
    crusoe,
    databricks,
    huggingface,
    ollama,
    perplexity,
    snowflake,
    writer,
    openrouter,
    local,
    sandbox,
  ].map((provider) => [provider.id, provider]),
);
