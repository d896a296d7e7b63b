import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What was used per account, key, endpoint and day: kept by the insertion of usage itself, so that no booking can forget it,
 * and read by `/activity` and by the comparison with the providers' own exports without a walk through all usage.
 */
export class LedgerActivity1763900000040 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
    await runner.query(NOTE);
    await runner.query(TRIGGER);
    await runner.query(BACKFILL);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const TABLE = `
CREATE TABLE activity (
  owner_id         uuid NOT NULL,
  -- The UTC day in which the generation was admitted, as its lease says.
  day              date NOT NULL,
  key_id           uuid NOT NULL,
  endpoint_id      text NOT NULL,
  outcome          text NOT NULL,
  -- Of the list price that a customer's own key was spared, and of everything else.
  own_key          boolean NOT NULL,
  provider         text NOT NULL,
  model            text NOT NULL,
  upstream_model   text NOT NULL,
  requests         bigint NOT NULL,
  -- Counts are what providers say, so no number of them may overflow.
  input_tokens     numeric NOT NULL,
  cache_read       numeric NOT NULL,
  cache_write      numeric NOT NULL,
  cache_write_1h   numeric NOT NULL,
  output_tokens    numeric NOT NULL,
  reasoning_tokens numeric NOT NULL,
  searches         numeric NOT NULL,
  cost_pico        numeric(38, 0) NOT NULL,
  charged          numeric(38, 0) NOT NULL,
  PRIMARY KEY (owner_id, day, key_id, endpoint_id, outcome, own_key, upstream_model)
) WITH (fillfactor = 70);
CREATE INDEX activity_of_provider ON activity (provider, day);`;

const SUMS = `
  SELECT u.owner_id, l.day, u.key_id, u.payload->>'endpointId' AS endpoint_id, u.outcome,
    coalesce(jsonb_typeof(u.payload->'ownKey') = 'object', false) AS own_key,
    min(u.payload->>'provider') AS provider, min(u.payload->>'model') AS model, u.payload->>'upstreamModel' AS upstream_model,
    count(*) AS requests,
    sum((t.usage->>'inputTokens')::bigint + (t.usage->>'audioInputTokens')::bigint
      + (t.usage->>'imageInputTokens')::bigint + (t.usage->>'videoInputTokens')::bigint) AS input_tokens,
    sum((t.usage->>'cacheReadTokens')::bigint) AS cache_read,
    sum((t.usage->>'cacheWriteTokens')::bigint) AS cache_write,
    sum((t.usage->>'cacheWrite1hTokens')::bigint) AS cache_write_1h,
    sum((t.usage->>'outputTokens')::bigint + (t.usage->>'reasoningTokens')::bigint
      + (t.usage->>'audioOutputTokens')::bigint + (t.usage->>'imageOutputTokens')::bigint) AS output_tokens,
    sum((t.usage->>'reasoningTokens')::bigint) AS reasoning_tokens,
    sum((t.usage->>'searches')::bigint) AS searches,
    sum(u.cost_pico) AS cost_pico, sum(u.charged) AS charged
  FROM added u JOIN lease l ON l.id = u.lease_id, LATERAL (SELECT u.payload->'usage') AS t (usage)
  WHERE u.outcome <> 'void'
  GROUP BY u.owner_id, l.day, u.key_id, u.payload->>'endpointId', u.outcome, own_key, u.payload->>'upstreamModel'
  -- Two batches meet on the same rows: in one order they never wait for each other in a circle.
  ORDER BY 1, 2, 3, 4, 5, 6, 9`;

const COLUMNS = `owner_id, day, key_id, endpoint_id, outcome, own_key, provider, model, upstream_model, requests, input_tokens,
  cache_read, cache_write, cache_write_1h, output_tokens, reasoning_tokens, searches, cost_pico, charged`;

const NOTE = `
CREATE FUNCTION note_activity() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO activity AS a (${COLUMNS}) ${SUMS}
  ON CONFLICT ON CONSTRAINT activity_pkey DO UPDATE SET
    requests = a.requests + excluded.requests, input_tokens = a.input_tokens + excluded.input_tokens,
    cache_read = a.cache_read + excluded.cache_read, cache_write = a.cache_write + excluded.cache_write,
    cache_write_1h = a.cache_write_1h + excluded.cache_write_1h, output_tokens = a.output_tokens + excluded.output_tokens,
    reasoning_tokens = a.reasoning_tokens + excluded.reasoning_tokens, searches = a.searches + excluded.searches,
    cost_pico = a.cost_pico + excluded.cost_pico, charged = a.charged + excluded.charged;
  RETURN NULL;
END $$;`;

const TRIGGER = `
CREATE TRIGGER usage_activity AFTER INSERT ON usage REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION note_activity();`;

/** An event from before a bucket existed has no such key; it counts as nothing. */
const BACKFILL = `
INSERT INTO activity (${COLUMNS})
SELECT owner_id, day, key_id, endpoint_id, outcome, own_key, provider, model, upstream_model, requests,
  coalesce(input_tokens, 0), coalesce(cache_read, 0), coalesce(cache_write, 0), coalesce(cache_write_1h, 0),
  coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0), coalesce(searches, 0), cost_pico, charged
FROM (${SUMS.replace('FROM added u', 'FROM usage u')}) AS past;`;
