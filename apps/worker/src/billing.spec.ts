import { Harness } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=';
const image = { type: 'image_url', image_url: { url: PIXEL } };
const price = { version: 'test-1', prompt: 1_000_000n, completion: 3_000_000n };
const ask = (changes: Partial<Parameters<Harness['ask']>[0]> = {}) =>
  harness.ask({
    body: { stream: false, messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, image, image] }] },
    ...changes,
  });
const shown = (text: string) => (JSON.parse(text) as { usage: Record<string, unknown> }).usage;

describe('the bill of an answer', () => {
  it('counts whole images where the price book charges by the piece, and nowhere else', async () => {
    const [plain, byPiece] = await Promise.all([
      ask({ endpoint: { price } }),
      ask({ endpoint: { price: { ...price, image: 5_000_000_000n } } }),
    ]);
    expect(plain.end?.usage.inputImages).toBe(0);
    expect(byPiece.end?.usage).toEqual({ ...plain.end!.usage, inputImages: 2 });
    expect(byPiece.end!.costNanos - plain.end!.costNanos).toBe(10_000_000n);
    expect(shown(byPiece.text)['cost']).toBe(Number(byPiece.end?.costNanos) / 1e9);
  });

  it('with an own key shows the fee, and books the list price with the fee beside it', async () => {
    const seen = await ask({ endpoint: { price }, ownKey: { feePpm: 50_000 } });
    const list = seen.end!.costNanos;
    expect(seen.end?.ownKey).toEqual({ feePpm: 50_000 });
    expect(list % 20n).toBe(0n);
    expect(shown(seen.text)).toMatchObject({
      is_byok: true,
      cost: Number(list / 20n) / 1e9,
      cost_details: { upstream_inference_cost: Number(list) / 1e9 },
    });
  });

  it('shows no more than was held, and books what it was', async () => {
    const seen = await ask({ endpoint: { price }, boundNanos: 7n });
    expect(seen.end!.costNanos).toBeGreaterThan(7n);
    expect(shown(seen.text)['cost']).toBe(7e-9);
  });
});
