import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Models, endpoints, the price book, and the outbox that tells the edges which models changed. */
export class CreateCatalogue1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE author (
        slug  text PRIMARY KEY,
        name  text NOT NULL
      );

      CREATE TABLE provider (
        id    text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        name  text NOT NULL
      );

      CREATE TABLE model (
        id                    text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 200),
        canonical_slug        text NOT NULL,
        name                  text NOT NULL,
        author                text NOT NULL REFERENCES author,
        created               bigint NOT NULL CHECK (created >= 0),
        context_length        integer CHECK (context_length > 0),
        max_completion_tokens integer CHECK (max_completion_tokens > 0),
        input_modalities      text[] NOT NULL,
        output_modalities     text[] NOT NULL,
        tokenizer             text,
        instruct_type         text,
        hugging_face_id       text,
        knowledge_cutoff      text,
        expiration_date       text,
        is_moderated          boolean NOT NULL,
        default_parameters    jsonb,
        reasoning             jsonb,
        -- Who put it there last. Data files never overwrite what an operator changed.
        source                text NOT NULL CHECK (source IN ('data', 'local', 'operator')),
        revision              integer NOT NULL,
        removed_at            timestamptz
      );

      CREATE TABLE endpoint (
        id                        text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 256),
        model_id                  text NOT NULL REFERENCES model,
        provider                  text NOT NULL REFERENCES provider,
        provider_name             text NOT NULL,
        tag                       text NOT NULL,
        upstream_model            text NOT NULL,
        protocol                  text,
        context_length            integer NOT NULL CHECK (context_length > 0),
        max_completion_tokens     integer CHECK (max_completion_tokens > 0),
        max_prompt_tokens         integer CHECK (max_prompt_tokens > 0),
        quantization              text NOT NULL,
        input_modalities          text[] NOT NULL,
        output_modalities         text[] NOT NULL,
        supported_parameters      text[] NOT NULL,
        supports_implicit_caching boolean NOT NULL,
        reasoning                 jsonb,
        data_policy               jsonb,
        position                  integer NOT NULL,
        removed_at                timestamptz
      );
      CREATE INDEX endpoint_model ON endpoint (model_id, position) WHERE removed_at IS NULL;

      -- One row per price that ever held or will hold. An endpoint without a row that has begun is not served.
      CREATE TABLE price (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        endpoint_id  text NOT NULL REFERENCES endpoint,
        version      text NOT NULL CHECK (length(version) BETWEEN 1 AND 64),
        valid_from   timestamptz NOT NULL,
        -- Pico-USD per unit as decimal strings, in the form of the contract.
        price        jsonb NOT NULL CHECK (price ? 'prompt' AND price ? 'completion' AND price ->> 'version' = version),
        created_at   timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX price_current ON price (endpoint_id, valid_from DESC, id DESC);
      CREATE INDEX price_begins ON price (valid_from);

      CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'rows of the price book are immutable: a change is a new row';
      END $$;
      CREATE TRIGGER price_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON price
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

      CREATE TABLE catalogue_change (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        model_id    text NOT NULL,
        created_at  timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE catalogue_change, price, endpoint, model, provider, author');
    await runner.query('DROP FUNCTION refuse_change');
  }
}
