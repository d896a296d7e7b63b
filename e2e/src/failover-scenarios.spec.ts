import { FailoverBench, VARIANTS, type ScenarioModel, type Side, type Variant } from './failover/failover-bench.js';
import { flap, type FlapReport } from './failover/flapping.js';
import { Beside, BOTH, expectErrorEvent, expectWhole, hitsOf, inEveryVariant, play } from './failover/scenarios.js';
import { RETRY_AFTER, STUMBLE, WAITING_SCENARIOS } from './failover/waiting-scenarios.js';
import { costNanos } from './costs.js';
import { expectedText } from './money/clients.js';
import { FaultBench } from './money/fault-bench.js';
import { START_TIMEOUT_MS } from './test-stack.js';

/** Short enough to be waited for, and long enough for a busy machine to answer in. */
const DEADLINE_MS = 6_000;
/** Of a whole call; longer than both attempts of a scenario may wait. */
const TOTAL_MS = 15_000;
const FLAPPING_MS = 26_000;
/** Trials come every 30 s at each edge, with the next request then; the rest is for a busy machine. */
const BACK_WITHIN_MS = 30_000 + 3_000;
/** Five failures until it is taken out, what was under way then, and two trials, at each of two edges; twice, should the first verdict come late. */
const MOST_CALLS = 2 * 2 * (5 + 2 + 2);

describe('the sixteen failover scenarios', () => {
  let bench: FaultBench;
  let failover: FailoverBench;
  beforeAll(async () => {
    bench = await FaultBench.start({
      workers: 1,
      environment: {
        UPSTREAM_FIRST_BYTE_MS: String(DEADLINE_MS),
        UPSTREAM_IDLE_MS: String(DEADLINE_MS),
        UPSTREAM_TOTAL_MS: String(TOTAL_MS),
        KEEP_ALIVE_MS: '2500',
      },
    });
    failover = await FailoverBench.open(bench);
    for (const scenario of WAITING_SCENARIOS) beside.begin(scenario.name, () => play(failover, scenario));
    const flapping = await failover.model('s15', BOTH);
    // What asks a provider twice runs one after the other: three such requests at a time is what every process allows.
    beside.begin('s01', () => play(failover, RETRY_AFTER));
    beside.begin('s03', () => beside.after('s01', () => play(failover, STUMBLE)));
    beside.begin('s15', () =>
      beside.after('s03', async () => (flapReport = await flap(flapping, VARIANTS, FLAPPING_MS))),
    );
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await failover?.close();
    await bench?.stop();
  }, START_TIMEOUT_MS);

  const beside = new Beside();
  let flapReport: FlapReport | null = null;
  const everywhere = (
    name: string,
    sides: readonly Side[],
    run: (model: ScenarioModel, variant: Variant) => Promise<void>,
  ) => inEveryVariant(failover, { name, sides }, run);

  it('S01: 429 with Retry-After of 2 s is waited for where nobody else can serve', () => beside.over('s01'), 60_000);

  it('S02: a lasting 429 costs the provider few calls, and the client sees it', async () => {
    await everywhere('s02', ['first'], async (model, variant) => {
      await model.order('first', 'status=429');
      const seen = await model.ask(variant, { rightStatuses: [429] });
      expect([seen.how, seen.status, seen.code]).toEqual(['http error', 429, 'upstream_rate_limited']);
      const times = (await model.hits('first')).map(({ startedAtMs }) => startedAtMs);
      expect(times.length).toBeLessThanOrEqual(6);
      expect(times.filter((time) => time - times[0]! <= 3_000).length).toBeLessThanOrEqual(4);
    });
  }, 60_000);

  it('S03: one 500 is tried once more at the same provider', () => beside.over('s03'), 60_000);

  it('S04: a lasting 503 is answered by the fallback', async () => {
    await everywhere('s04', BOTH, async (model, variant) => {
      await model.order('first', 'status=503');
      expectWhole(await model.ask(variant));
      expect(await hitsOf(model)).toEqual([1, 1]);
    });
  }, 60_000);

  it('S05: a reset connection is answered by the fallback', async () => {
    await everywhere('s05', BOTH, async (model, variant) => {
      await model.order('first', 'reset');
      expectWhole(await model.ask(variant));
      expect((await hitsOf(model))[1]).toBe(1);
    });
  }, 60_000);

  it('S06: no answer at all is given up after the first deadline', () => beside.over('s06'), 60_000);
  it('S07: a first token that comes too late is not waited for', () => beside.over('s07'), 60_000);

  it.each([
    {
      name: 'S08',
      what: 'a cut after 40 of 60 tokens',
      fault: 'cut after=40',
      code: 'upstream_disconnected',
      tokens: 40,
    },
    {
      name: 'S10',
      what: 'a malformed chunk',
      fault: 'garbage after=20',
      code: 'upstream_invalid_response',
      tokens: 20,
    },
    {
      name: 'RST',
      what: 'a reset after 10 tokens',
      fault: 'reset after=10',
      code: 'upstream_disconnected',
      tokens: 10,
    },
    { name: 'FIN', what: 'an end without a finish', fault: 'end after=10', code: 'upstream_disconnected', tokens: 10 },
  ])(
    '$name: $what ends a stream with a typed error, and a whole answer comes from the fallback',
    async ({ name, fault, ...wanted }) => {
      await everywhere(name.toLowerCase(), BOTH, async (model, variant) => {
        await model.order('first', fault);
        const seen = await model.ask(variant);
        if (!variant.stream) return expectWhole(seen);
        expectErrorEvent(seen, wanted);
        expect(await hitsOf(model)).toEqual([1, 0]);
      });
    },
    60_000,
  );

  it('S09: a stall in mid-stream ends it with a typed error', () => beside.over('s09'), 60_000);
  it('S11: an end without its marker is an end, with usage', () => beside.over('s11-no-done'), 60_000);
  it('S11: a provider that finishes and never ends is not waited for', () => beside.over('s11-hang'), 60_000);

  it('S12: too long for the context is not tried again on the same model, and another model may serve', async () => {
    await everywhere('s12', BOTH, async (model, variant) => {
      const longer = await failover.model(`s12-longer-${variant.name}`, ['second'], variant.dialect);
      await model.order('first', 'status=400 because=context_length');
      const seen = await model.ask(variant, { rightStatuses: [400] });
      expect([seen.how, seen.status, seen.code]).toEqual(['http error', 400, 'context_length_exceeded']);
      expect(await hitsOf(model)).toEqual([1, 0]);
      expectWhole(await model.ask(variant, { models: [model.id, longer.id] }));
      expect(await hitsOf(model)).toEqual([2, 0]);
    });
  }, 60_000);

  it('S13: what the provider refuses for its content is not tried again', async () => {
    await everywhere('s13', BOTH, async (model, variant) => {
      await model.order('first', 'status=400 because=content_filter');
      const seen = await model.ask(variant, { rightStatuses: [403] });
      expect([seen.how, seen.status, seen.code]).toEqual(['http error', 403, 'content_policy_violation']);
      expect(await hitsOf(model)).toEqual([1, 0]);
    });
  }, 60_000);

  const CONTINUED = { headers: { 'x-switchyard-continue': 'on' } } as const;

  it('S14: a cut that nobody goes on with is a typed error, also where the client wants it continued', async () => {
    await everywhere('s14', BOTH, async (model, variant) => {
      await model.order('first', 'cut after=40 refuse_prefill');
      await model.order('second', 'refuse_prefill');
      const seen = await model.ask(variant, CONTINUED);
      if (!variant.stream) return expectWhole(seen);
      expectErrorEvent(seen, { code: 'upstream_disconnected', tokens: 40 });
      expect((await model.hits('second')).length).toBeLessThanOrEqual(1);
    });
  }, 60_000);

  it('S16: the books name the fallback model and bill no failed attempt', async () => {
    await everywhere('s16', ['first'], async (model, variant) => {
      const other = await failover.model(`s16-other-${variant.name}`, ['second'], variant.dialect);
      await model.order('first', 'status=503');
      const seen = await model.ask(variant, { models: [model.id, other.id] });
      expectWhole(seen);
      expect(seen.model).toBe(other.id);
      const record = await failover.record(seen);
      expect(record).toMatchObject({ model: other.id, requested_model: model.id });
      expect(record.attempts.map(({ outcome, model: tried }) => [tried, outcome])).toEqual([
        [model.id, 'failed'],
        [other.id, 'success'],
      ]);
      expect(costNanos(record.total_cost)).toBe(seen.costNanos);
    });
  }, 60_000);

  it('S15: a provider that flaps under a steady load is left alone, and is back soon after it is well', async () => {
    await beside.over('s15');
    const { seen, whileFlapping, probes, backAfterMs } = flapReport!;
    console.log(
      `flapping: ${seen.length} requests, ${whileFlapping.length} calls while it flapped, ${probes.length} of them probes, back after ${backAfterMs} ms`,
    );
    expect(seen.filter(({ how }) => how !== 'whole')).toEqual([]);
    expect(seen.length).toBeGreaterThan(100);
    expect(whileFlapping.length).toBeLessThanOrEqual(MOST_CALLS);
    expect(backAfterMs).toBeLessThan(BACK_WITHIN_MS);
  }, 150_000);

  it('an upstream that drips bytes is given up when the call is over its time', () => beside.over('drip'), 60_000);

  it.each([
    ['HTML', 'html', 'whole'],
    ['broken JSON at once', 'garbage after=0', 'whole'],
    ['a line of 10 MB', 'huge_line', 'error event'],
    ['JSON of a hundred thousand levels', 'deep_json', 'error event'],
  ])(
    '%s from a provider is nobody’s answer: another serves, or a begun stream ends with a typed error',
    async (_, fault, how) => {
      await everywhere(`junk-${fault.replaceAll(/[^a-z]/g, '-')}`, BOTH, async (model, variant) => {
        await model.order('first', fault);
        const seen = await model.ask(variant);
        if (how === 'whole' || !variant.stream) return expectWhole(seen);
        expectErrorEvent(seen, { code: 'upstream_invalid_response', tokens: 1 });
      });
    },
    60_000,
  );

  it('invalid UTF-8 from a provider becomes replacement characters, and the rest is whole', async () => {
    await everywhere('junk-utf8', ['first'], async (model, variant) => {
      await model.order('first', 'bad_utf8');
      // Its text is not the usual one, so it is no business of the other checks.
      const seen = await model.askAside(variant);
      expect([seen.how, seen.text.replaceAll('\uFFFD', '')]).toEqual(['whole', expectedText(seen.ask)]);
    });
  }, 60_000);

  it.each([
    ['with', 'status=429 retry_after=1'],
    ['without', 'status=429'],
  ])(
    'a storm of 429 %s Retry-After is not made worse: a fifth more calls and three',
    async (_, fault) => {
      const requests = 40;
      // A fifth of the requests that run, with a few of other tests, and three.
      const most = requests + (requests + 10) * 0.2 + 3;
      const name = `storm-${fault.length}`;
      const alone = await failover.model(name, ['first']);
      const backed = await failover.model(`${name}-backed`, BOTH);
      const storm = async (model: ScenarioModel) => {
        await model.order('first', fault);
        const asked = Array.from({ length: requests }, () => model.ask(VARIANTS[0]!, { rightStatuses: [429] }));
        const seen = await Promise.all(asked);
        expect((await model.hits('first')).length).toBeLessThanOrEqual(most);
        return seen;
      };
      const refused = await storm(alone);
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['upstream_rate_limited']));
      for (const seen of await storm(backed)) expectWhole(seen);
    },
    60_000,
  );

  it('an endpoint that always fails is left alone where another serves, and never where it is the last one', async () => {
    const [alone, backed] = await Promise.all([failover.model('dead', ['first']), failover.model('dead-backed', BOTH)]);
    await Promise.all([alone.order('first', 'status=500'), backed.order('first', 'status=500')]);
    const variant = VARIANTS[0]!;
    for (let number = 0; number < 30; number += 1) expectWhole(await backed.ask(variant));
    for (let number = 0; number < 10; number += 1) expect((await alone.ask(variant)).code).toBe('upstream_error');
    expect((await alone.hits('first')).length).toBeGreaterThanOrEqual(10);
    expect((await backed.hits('first')).length).toBeLessThanOrEqual(12);
  }, 60_000);

  it('leaves no client and no nano-dollar unaccounted for', async () => {
    expect(bench.clientFaults).toEqual([]);
    expect((await bench.finalMoney()).faults).toEqual([]);
  }, 90_000);
});
