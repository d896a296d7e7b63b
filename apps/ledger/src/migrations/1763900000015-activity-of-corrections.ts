import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A correction takes the estimate out of the activity of its day and puts the real usage in. */
export class LedgerActivityOfCorrections1763900000015 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NOTE);
    await runner.query(TRIGGER);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const COUNTS = [
  ['input_tokens', ['inputTokens', 'audioInputTokens', 'imageInputTokens', 'videoInputTokens']],
  ['cache_read', ['cacheReadTokens']],
  ['cache_write', ['cacheWriteTokens']],
  ['cache_write_1h', ['cacheWrite1hTokens']],
  ['output_tokens', ['outputTokens', 'reasoningTokens', 'audioOutputTokens', 'imageOutputTokens']],
  ['reasoning_tokens', ['reasoningTokens']],
  ['searches', ['searches']],
] as const;
const ADDED = ['requests', ...COUNTS.map(([column]) => column), 'cost_pico', 'charged'] as const;

const sumOf = (buckets: readonly string[]) =>
  buckets.map((bucket) => `coalesce((s.payload->'usage'->>'${bucket}')::bigint, 0)`).join(' + ');

const NOTE = `
CREATE FUNCTION note_activity_of_correction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  INSERT INTO activity AS a (owner_id, day, key_id, endpoint_id, outcome, own_key, provider, model, upstream_model, ${ADDED.join(', ')})
  SELECT u.owner_id, l.day, u.key_id, s.payload->>'endpointId', s.outcome, s.own_key, min(s.payload->>'provider'), min(s.payload->>'model'),
    s.payload->>'upstreamModel', sum(s.sign), ${COUNTS.map(([, buckets]) => `sum(s.sign * (${sumOf(buckets)}))`).join(', ')},
    sum(s.sign * s.cost_pico), sum(s.sign * s.charged)
  FROM corrected c JOIN usage u ON u.generation_id = c.generation_id JOIN lease l ON l.id = u.lease_id
  CROSS JOIN LATERAL (VALUES
    (-1, u.outcome, u.own_key_ppm IS NOT NULL, u.payload, u.cost_pico, u.charged),
    (1, 'final', c.own_key_ppm IS NOT NULL, c.payload, c.cost_pico, u.charged + c.charged_delta))
    AS s (sign, outcome, own_key, payload, cost_pico, charged)
  GROUP BY u.owner_id, l.day, u.key_id, s.payload->>'endpointId', s.outcome, s.own_key, s.payload->>'upstreamModel'
  -- The order in which all batches meet on these rows.
  ORDER BY 1, 2, 3, 4, 5, 6, 9
  ON CONFLICT ON CONSTRAINT activity_pkey DO UPDATE SET
    ${ADDED.map((column) => `${column} = a.${column} + excluded.${column}`).join(', ')};
  RETURN NULL;
END $$;`;

const TRIGGER = `
CREATE TRIGGER usage_correction_activity AFTER INSERT ON usage_correction REFERENCING NEW TABLE AS corrected
  FOR EACH STATEMENT EXECUTE FUNCTION note_activity_of_correction();`;
