import { GenerationId } from '@switchyard/contracts';
import { newGenerationId } from './generation-id.js';

describe('the id of a generation', () => {
  const ids = Array.from({ length: 2_000 }, () => newGenerationId(1_700_000_000_999));

  it('has the form of the contract and the second of its making', () => {
    for (const id of ids) expect(GenerationId.parse(id).slice(0, 15)).toBe('gen-1700000000-');
  });

  it('never comes twice, and uses every character', () => {
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.join('').slice(15)).size).toBeGreaterThanOrEqual(62);
  });
});
