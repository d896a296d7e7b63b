import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Transfers, usage and records of generations in partitions by month, so that neither their indexes nor the audit of every minute
 * grow with the age of the installation. Rows that are there move; views, triggers and functions that speak of the tables keep
 * their text. Decision 27 tells why the month follows from the row's identity and never from the clock.
 */
export class LedgerMonths1763900000060 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(MONTHS);
    const views = await read(runner, VIEWS);
    const functions = await read(runner, FUNCTIONS_OF_ROWS);
    const triggers = await read(runner, TRIGGERS);
    const indexes = await read(runner, INDEXES);
    for (const { drop } of functions) await runner.query(drop);
    await runner.query(DROP_REFERENCES);
    for (const table of TABLES) await runner.query(moveAside(table));
    await runner.query(OPEN_MONTH);
    for (const table of TABLES) await runner.query(fill(table));
    // They still read the tables that were moved aside; a view that is replaced by its own text reads the new ones.
    for (const { name, sql } of views) await runner.query(`CREATE OR REPLACE VIEW ${name} AS ${sql}`);
    for (const table of TABLES) await runner.query(`DROP TABLE ${table.name}_before; ${table.keys}`);
    for (const { sql } of [...indexes, ...functions, ...triggers]) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

interface Kept {
  readonly name: string;
  readonly sql: string;
  readonly drop: string;
}
const read = async (runner: QueryRunner, sql: string): Promise<Kept[]> => (await runner.query(sql)) as Kept[];

interface Table {
  readonly name: 'transfer' | 'usage' | 'generation';
  /** The month of a row, from what identifies it. */
  readonly month: string;
  readonly keys: string;
}
const TABLES: readonly Table[] = [
  {
    name: 'transfer',
    month: 'transfer_month(code, ref)',
    keys: 'ALTER TABLE transfer ADD PRIMARY KEY (id, month)',
  },
  {
    name: 'usage',
    month: 'generation_month(generation_id)',
    keys: `ALTER TABLE usage ADD PRIMARY KEY (generation_id, month),
             ADD CONSTRAINT month_of_generation CHECK (month = generation_month(generation_id))`,
  },
  {
    name: 'generation',
    month: 'generation_month(id)',
    keys: `ALTER TABLE generation ADD PRIMARY KEY (id, month),
             ADD CONSTRAINT month_of_generation CHECK (month = generation_month(id))`,
  },
];
const NAMES = TABLES.map(({ name }) => `'${name}'::regclass`).join(', ');

const MONTHS = `
CREATE FUNCTION utc_month(_at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS
$$ SELECT date_trunc('month', _at AT TIME ZONE 'UTC')::date $$;

-- From the seconds inside the id. An edge whose clock is off by decades fills the first or the last month, not thousands of them.
CREATE FUNCTION generation_month(_generation text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT utc_month(to_timestamp(least(greatest(substr(_generation, 5, 10)::bigint, 1735689600), 4070908799))) $$;

-- The month of what a transfer belongs to, which never changes: the same transfer is looked for where it was put the first time.
CREATE FUNCTION transfer_month(_code int, _ref text) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE found date;
BEGIN
  CASE
    WHEN _code IN (2, 3, 4, 7) THEN RETURN generation_month(_ref);
    WHEN _code IN (1, 5) THEN SELECT utc_month(l.opened_at) INTO found FROM lease l WHERE l.id = _ref::uuid;
    WHEN _code IN (0, 9) THEN SELECT utc_month(d.created_at) INTO found FROM deposit d WHERE d.id = _ref::uuid;
    ELSE SELECT utc_month(w.created_at) INTO found FROM withdrawal w WHERE w.id = _ref::uuid;
  END CASE;
  IF found IS NULL THEN RAISE EXCEPTION 'a transfer of nothing that is known' USING ERRCODE = 'SL422'; END IF;
  RETURN found;
END $$;

CREATE SEQUENCE transfer_seq;
CREATE INDEX lease_opened ON lease (opened_at);

-- What partitions are without, because a foreign key would lock accounts and leases whenever a month is opened: rows that others
-- speak of never go.
CREATE TRIGGER account_stays BEFORE DELETE OR TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION forbid();
CREATE TRIGGER lease_stays BEFORE DELETE OR TRUNCATE ON lease FOR EACH STATEMENT EXECUTE FUNCTION forbid();`;

const VIEWS = `
SELECT relname AS name, pg_get_viewdef(oid) AS sql FROM pg_class
WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'v' ORDER BY oid`;

const FUNCTIONS_OF_ROWS = `
SELECT p.proname AS name, pg_get_functiondef(p.oid) AS sql, 'DROP FUNCTION ' || p.oid::regprocedure AS drop FROM pg_proc p
WHERE p.pronamespace = 'ledger'::regnamespace
  AND EXISTS (SELECT 1 FROM pg_type t WHERE t.typrelid IN (${NAMES}) AND t.oid = ANY (p.proargtypes))`;

const TRIGGERS = `
SELECT tgname AS name, pg_get_triggerdef(oid) AS sql FROM pg_trigger WHERE tgrelid IN (${NAMES}) AND NOT tgisinternal`;

const INDEXES = `
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS sql FROM pg_index
WHERE indrelid IN (${NAMES}) AND NOT indisprimary`;

const DROP_REFERENCES = `
DO $$
DECLARE key record;
BEGIN
  FOR key IN SELECT conrelid::regclass AS of_table, conname FROM pg_constraint WHERE contype = 'f' AND confrelid IN (${NAMES}) LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.of_table, key.conname);
  END LOOP;
END $$;`;

const moveAside = ({ name }: Table): string => `
ALTER TABLE ${name} RENAME TO ${name}_before;
CREATE TABLE ${name} (LIKE ${name}_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS, month date NOT NULL) PARTITION BY RANGE (month);
${name === 'transfer' ? `ALTER TABLE transfer ALTER COLUMN seq SET DEFAULT nextval('transfer_seq')` : ''}`;

const OPEN_MONTH = `
CREATE FUNCTION partition_of(_table text, _month date) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT _table || to_char(_month::timestamp, '_YYYY_MM') $$;

-- Makes the partitions of a month where they are missing. Attaching, unlike making them in their place, waits for no writer and
-- makes none wait. Whoever is told to append only is told so in each partition, too.
CREATE FUNCTION open_month(_month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE parent text; part text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('ledger months', 0));
  FOREACH parent IN ARRAY ARRAY[${TABLES.map(({ name }) => `'${name}'`).join(', ')}] LOOP
    part := partition_of(parent, _month);
    CONTINUE WHEN to_regclass('ledger.' || part) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    IF parent <> 'generation' THEN
      EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION forbid()',
        parent || '_immutable', part);
    END IF;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      parent, part, _month, (_month + interval '1 month')::date);
  END LOOP;
END $$;

-- Called before rows are put into these months.
CREATE FUNCTION open_missing_months(_months date[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM open_month(m.month) FROM (SELECT DISTINCT unnest(_months) AS month ORDER BY 1) m
  WHERE to_regclass('ledger.' || partition_of('generation', m.month)) IS NULL;
END $$;

-- This month and the next two: called by the service when it starts and then daily. What comes for another month opens it itself.
CREATE FUNCTION open_coming_months() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM open_missing_months(ARRAY(
    SELECT (utc_month(clock()) + make_interval(months => ahead))::date FROM generate_series(0, 2) AS ahead));
END $$;

SELECT open_coming_months();`;

const fill = ({ name, month }: Table): string => `
DO $$
DECLARE columns text;
BEGIN
  PERFORM open_missing_months(ARRAY(SELECT DISTINCT ${month} FROM ${name}_before));
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
  FROM pg_attribute WHERE attrelid = '${name}_before'::regclass AND attnum > 0 AND NOT attisdropped;
  EXECUTE format('INSERT INTO ${name} (%1$s, month) SELECT %1$s, ${month} FROM ${name}_before', columns);
END $$;
${name === 'transfer' ? `SELECT setval('transfer_seq', (SELECT coalesce(max(seq), 0) + 1 FROM transfer), false);` : ''}`;
