/** Random numbers that are the same for the same seed, on every machine. */
export interface Random {
  /** From 0 up to, and without, 1. */
  uniform(): number;
  /** A whole number from 0 up to, and without, `count`. */
  below(count: number): number;
  exponential(mean: number): number;
  /** @param spread standard deviation divided by the mean */
  lognormal(mean: number, spread: number): number;
}

/** The generator mulberry32: one word of state, good enough for queues. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
  // 1 - uniform is never 0, of which there is no logarithm.
  const exponential = (mean: number): number => -mean * Math.log(1 - uniform());
  return {
    uniform,
    below: (count) => Math.floor(uniform() * count),
    exponential,
    lognormal(mean, spread) {
      const variance = Math.log(1 + spread * spread);
      const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      return mean * Math.exp(Math.sqrt(variance) * normal - variance / 2);
    },
  };
}
