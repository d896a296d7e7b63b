import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { verifyCommand } from './command.js';
import { RECEIPT_TYPE, ReceiptSigner, signedBytes, signingKeyOf, thumbprintOf, verifyReceipt } from './index.js';
import type { Receipt, SignedReceipt } from './index.js';

/** RFC 8037, appendix A: a key with its public half and its thumbprint. */
const RFC_SEED = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
const RFC_X = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const RFC_KID = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';
const OTHER_SEED = Buffer.alloc(32, 7).toString('base64url');

const receipt: Receipt = {
  type: RECEIPT_TYPE,
  generation_id: 'gen-1790000000-AbCdEfGhIjKlMnOpQrSt',
  key_hash: 'ab'.repeat(32),
  created_at: '2026-11-22T15:00:00.000Z',
  issued_at: '2026-11-22T15:00:01.000Z',
  requested_model: 'acme/large',
  model: 'acme/large',
  provider: 'acme',
  endpoint_id: 'acme:acme/large',
  status: 200,
  usage: { input_tokens: 10, output_tokens: 2 },
  usage_source: 'reported',
  usage_outcome: 'final',
  service_tier: null,
  price_version: 'v1',
  currency: 'USD',
  cost_nanos: '12000',
  charged_nanos: '12000',
};
const signer = new ReceiptSigner(RFC_SEED);
const signed = signer.sign(receipt);

describe('the key of receipts', () => {
  it('has the public half and the name that the standards give it', () => {
    expect(signer.keySet).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: RFC_X, kid: RFC_KID, use: 'sig', alg: 'EdDSA' }],
    });
    expect(thumbprintOf(RFC_X)).toBe(RFC_KID);
    expect(createPublicKey(signingKeyOf(RFC_SEED)).export({ format: 'jwk' })['x']).toBe(RFC_X);
  });

  it.each(['', 'short', `${RFC_SEED}A`, RFC_SEED.replace('n', '+'), 'x'.repeat(43)])('is refused as %j', (seed) => {
    expect(() => new ReceiptSigner(seed)).toThrow('32 bytes in base64url');
  });

  it('stays public after it was replaced, so that old receipts can be verified', () => {
    const next = new ReceiptSigner(OTHER_SEED, [RFC_X]);
    expect(next.keySet.keys.map(({ kid }) => kid)).toEqual([next.sign(receipt).signature.kid, RFC_KID]);
    expect(verifyReceipt(signed, next.keySet)).toMatchObject({ valid: true, kid: RFC_KID });
    expect(verifyReceipt(next.sign(receipt), next.keySet)).toMatchObject({ valid: true });
  });
});

describe('a signed receipt', () => {
  it('is verified by nothing but the standard library: sorted keys, no blanks, Ed25519', () => {
    const sorted = (value: unknown): unknown =>
      value !== null && typeof value === 'object'
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([k, v]) => [k, sorted(v)]),
          )
        : value;
    const key = createPublicKey({ key: signer.keySet.keys[0]!, format: 'jwk' });
    const bytes = Buffer.from(JSON.stringify(sorted(signed.receipt)));
    expect(verify(null, bytes, key, Buffer.from(signed.signature.value, 'base64url'))).toBe(true);
  });

  it('is the same for the same receipt, in whatever order its fields came', () => {
    const turned = Object.fromEntries(Object.entries(receipt).toReversed()) as Receipt;
    expect(signer.sign(turned).signature).toEqual(signed.signature);
    expect(verifyReceipt(JSON.parse(JSON.stringify({ ...signed, receipt: turned })), signer.keySet).valid).toBe(true);
  });

  it('is genuine, and not with any field changed, left out or added', () => {
    expect(verifyReceipt(signed, signer.keySet)).toEqual({ valid: true, receipt, kid: RFC_KID });
    for (const field of Object.keys(receipt) as (keyof Receipt)[]) {
      const { [field]: _left, ...rest } = receipt;
      expect(verifyReceipt({ ...signed, receipt: rest }, signer.keySet).valid).toBe(false);
      const value = receipt[field];
      const changed = typeof value === 'number' ? value + 1 : typeof value === 'string' ? `1${value}` : { a: 1 };
      expect(verifyReceipt({ ...signed, receipt: { ...receipt, [field]: changed } }, signer.keySet).valid).toBe(false);
    }
    expect(verifyReceipt({ ...signed, receipt: { ...receipt, note: 'x' } }, signer.keySet).valid).toBe(false);
    expect(verifyReceipt({ ...signed, receipt: { ...receipt, usage: { input_tokens: 9 } } }, signer.keySet).valid).toBe(
      false,
    );
  });

  it('is not genuine with a single character of its signature changed', () => {
    const { value } = signed.signature;
    fc.assert(
      fc.property(
        fc.nat(value.length - 1),
        fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_'),
        (index, character) => {
          const changed = `${value.slice(0, index)}${character}${value.slice(index + 1)}`;
          const { valid } = verifyReceipt(
            { ...signed, signature: { ...signed.signature, value: changed } },
            signer.keySet,
          );
          expect(valid).toBe(changed === value);
        },
      ),
      { seed: 1 },
    );
  });

  it('has one text for its signature: the same bytes written in another way are not what was issued', () => {
    const { value } = signed.signature;
    const last = value.at(-1)!;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const other = `${value.slice(0, -1)}${alphabet[alphabet.indexOf(last) + 1]}`;
    expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(value, 'base64url'));
    for (const text of [other, `${value}=`, `${value} `])
      expect(verifyReceipt({ ...signed, signature: { ...signed.signature, value: text } }, signer.keySet).valid).toBe(
        false,
      );
  });

  it('of another key is not believed, also under the name of a known one', () => {
    const forged = new ReceiptSigner(OTHER_SEED).sign(receipt);
    const renamed = { ...forged, signature: { ...forged.signature, kid: RFC_KID } };
    expect(verifyReceipt(forged, signer.keySet)).toMatchObject({
      valid: false,
      problem: expect.stringContaining('not among'),
    });
    expect(verifyReceipt(renamed, signer.keySet).valid).toBe(false);
    const [foreign] = new ReceiptSigner(OTHER_SEED).keySet.keys;
    const misnamed = { keys: [{ ...foreign!, kid: RFC_KID }, ...signer.keySet.keys] };
    expect(verifyReceipt(renamed, misnamed).valid).toBe(false);
  });

  it('is nothing else that the same key has signed', () => {
    const other = { type: 'other', a: 1 };
    const key = createPrivateKey({
      key: signingKeyOf(RFC_SEED).export({ format: 'pem', type: 'pkcs8' }),
      format: 'pem',
    });
    const value = sign(null, signedBytes(other), key).toString('base64url');
    expect(verifyReceipt({ receipt: other, signature: { ...signed.signature, value } }, signer.keySet).valid).toBe(
      false,
    );
  });

  it('never makes the check throw, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (document, keys) => {
        expect(verifyReceipt(document, keys).valid).toBe(false);
        expect(verifyReceipt(signed, keys).valid).toBe(false);
        expect(verifyReceipt(document, signer.keySet).valid).toBe(false);
      }),
      { seed: 1 },
    );
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    expect(verifyReceipt(signed, { keys: [rsa] }).valid).toBe(false);
  });
});

describe('the command', () => {
  const files = (document: unknown): Readonly<Record<string, string>> => ({
    'receipt.json': JSON.stringify(document, null, 2),
    'keys.json': JSON.stringify(signer.keySet),
    'broken.json': '{"receipt":',
  });
  const run = (args: readonly string[], document: unknown = signed) =>
    verifyCommand(args, (name) => {
      const text = files(document)[name];
      return text === undefined ? Promise.reject(new Error(`${name} cannot be read`)) : Promise.resolve(text);
    });
  const tampered: SignedReceipt = { ...signed, receipt: { ...receipt, charged_nanos: '1' } };

  it('ends with 0 for a genuine receipt, and tells what it says', async () => {
    const { exitCode, lines } = await run(['receipt.json', '--keys', 'keys.json']);
    expect(exitCode).toBe(0);
    expect(lines.join('\n')).toContain('VALID: signed by');
    expect(lines.join('\n')).toContain('charged 12000 nano-USD');
  });

  it('ends with 1 for any other', async () => {
    const { exitCode, lines } = await run(['receipt.json', '--keys', 'keys.json'], tampered);
    expect([exitCode, ...lines]).toEqual([1, 'NOT VALID: The signature does not fit the receipt.']);
  });

  it.each([
    [[], 'usage:'],
    [['a', 'b'], 'usage:'],
    [['receipt.json', '--key', 'keys.json'], '--key'],
    [['none.json', '--keys', 'keys.json'], 'none.json cannot be read'],
    [['receipt.json', '--keys', 'none.json'], 'none.json cannot be read'],
    [['broken.json', '--keys', 'keys.json'], 'broken.json is not JSON'],
    [['receipt.json'], 'http://127.0.0.1:7070/api/v1/receipts/keys cannot be read'],
  ])('ends with 2 when it cannot be found out: %j', async (args, problem) => {
    const { exitCode, lines } = await run(args);
    expect(exitCode).toBe(2);
    expect(lines.join('\n')).toContain(problem);
  });
});
