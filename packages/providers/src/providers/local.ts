import { bearer } from '../authorize.js';
import { defineProvider } from '../provider.js';

/** A server of your own: vLLM, llama.cpp, Ollama, TGI, LM Studio. Its base URL is configuration; a key is optional. */
export const local = defineProvider({
  id: 'local',
  name: 'Local',
  protocol: 'openai-chat',
  also: [{ protocol: 'openai-responses', basePath: '' }],
  baseUrl: null,
  keyRequired: false,
  authorize: bearer,
  // vLLM; servers that do not know the fields go on by themselves (llama.cpp) or leave them out.
  prefill: 'flags',
  // vLLM aborts the request when the client goes, and nobody sends a bill.
  stopsBillingOnAbort: true,
  source: { url: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html', date: '2026-11-22' },
});
