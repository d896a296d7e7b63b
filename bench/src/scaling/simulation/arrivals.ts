import type { Calendar } from './calendar.js';
import type { Random } from './random.js';

export type Pattern = 'poisson' | 'bursty';

/** Bursts: a tenth of the time three times as many come, for 50 ms on average; the rest of the time fewer, so that the mean is the same. */
const BURST = { factor: 3, share: 0.1, meanMs: 50 };

/** Lets so many requests per second come, by chance, until `count` came. */
export function arrivals(
  calendar: Calendar,
  random: Random,
  options: { readonly perSecond: number; readonly pattern: Pattern; readonly count: number },
  arrive: () => void,
): void {
  const { perSecond, pattern } = options;
  let left = options.count;
  let burst = false;
  let turnsAtMs = pattern === 'poisson' ? Number.POSITIVE_INFINITY : calmMs(random);
  const factor = (): number => {
    if (pattern === 'poisson') return 1;
    return burst ? BURST.factor : (1 - BURST.share * BURST.factor) / (1 - BURST.share);
  };
  const next = (): void => {
    const gapMs = random.exponential(1_000 / (perSecond * factor()));
    if (calendar.nowMs + gapMs >= turnsAtMs) {
      // An exponential gap has no memory, so it may be drawn again where the rate changes.
      calendar.after(turnsAtMs - calendar.nowMs, () => {
        burst = !burst;
        turnsAtMs = calendar.nowMs + (burst ? random.exponential(BURST.meanMs) : calmMs(random));
        next();
      });
      return;
    }
    calendar.after(gapMs, () => {
      left -= 1;
      arrive();
      if (left > 0) next();
    });
  };
  next();
}

const calmMs = (random: Random): number => random.exponential((BURST.meanMs * (1 - BURST.share)) / BURST.share);
