import { Price } from '@switchyard/contracts';
import { Column, Entity, PrimaryGeneratedColumn, type ValueTransformer } from 'typeorm';
import { z } from 'zod';

const priceTransformer: ValueTransformer = {
  to: (price: Price) => z.encode(Price, price),
  from: (stored: z.input<typeof Price>) => z.decode(Price, stored),
};

/** A row of the price book: holds from `validFrom` until a later row of the endpoint begins. Immutable. */
@Entity('price')
export class PriceEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' })
  id!: string;

  @Column('text', { name: 'endpoint_id' })
  endpointId!: string;

  @Column('text')
  version!: string;

  @Column('timestamptz', { name: 'valid_from' })
  validFrom!: Date;

  @Column('jsonb', { transformer: priceTransformer })
  price!: Price;
}
