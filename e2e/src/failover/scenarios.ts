import { expectedText, type Seen } from '../money/clients.js';
import { VARIANTS, type FailoverBench, type ScenarioModel, type Side, type Variant } from './failover-bench.js';

export const BOTH: readonly Side[] = ['first', 'second'];

/** What a provider does until the end, and what every variant must see. */
export interface Scenario {
  /** Unique, and part of the names of its models. */
  readonly name: string;
  readonly sides: readonly Side[];
  /** Of the first endpoint. */
  readonly fault: string;
  /** How many requests it hits; all when absent. */
  readonly times?: number;
  check(seen: Seen, variant: Variant, model: ScenarioModel): Promise<void> | void;
}

/** Fails unless the client has the whole text. */
export function expectWhole({ ask, how, code, text }: Seen): void {
  expect([ask.label, how, code, text]).toEqual([ask.label, 'whole', null, expectedText(ask)]);
}

/** Fails unless the client was told of the failure after the beginning of the text. */
export function expectErrorEvent({ ask, how, code, text }: Seen, wanted: { code: string; tokens: number }): void {
  const told = expectedText({ tokens: wanted.tokens, maxTokens: ask.maxTokens });
  expect([ask.label, how, code, text]).toEqual([ask.label, 'error event', wanted.code, told]);
}

/** Requests that reached the first endpoint and the second one. */
export const hitsOf = async (model: ScenarioModel): Promise<number[]> =>
  (await Promise.all(BOTH.map((side) => model.hits(side)))).map(({ length }) => length);

/** Runs in every variant at once, on a model of its own each. */
export async function inEveryVariant(
  failover: FailoverBench,
  { name, sides }: Pick<Scenario, 'name' | 'sides'>,
  run: (model: ScenarioModel, variant: Variant) => Promise<void>,
): Promise<void> {
  const runIn = async (variant: Variant) =>
    run(await failover.model(`${name}-${variant.name}`, sides, variant.dialect), variant);
  await Promise.all(VARIANTS.map(runIn));
}

/** Runs a scenario of one request in every variant. */
export const play = (failover: FailoverBench, scenario: Scenario): Promise<void> =>
  inEveryVariant(failover, scenario, async (model, variant) => {
    await model.order('first', scenario.fault, scenario.times);
    await scenario.check(await model.ask(variant), variant, model);
  });

/** Work that only waits and runs beside the rest; whoever needs it asks how it went. */
export class Beside {
  readonly #begun = new Map<string, Promise<unknown>>();

  begin(name: string, run: () => Promise<unknown>): void {
    const running = run();
    // A failure is told where it is asked for.
    running.catch(() => undefined);
    this.#begun.set(name, running);
  }

  /** Runs what must not run together with another, however that one ends. */
  async after<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
    await this.#begun.get(name)?.catch(() => undefined);
    return run();
  }

  async over(name: string): Promise<void> {
    await this.#begun.get(name);
  }
}
