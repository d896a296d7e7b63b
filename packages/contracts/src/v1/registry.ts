import { z } from 'zod';
import { rpc } from '../rpc.js';
import { CatalogueModel } from './catalogue.js';

/**
 * Puts a model with its endpoints and prices into the catalogue; live at every edge within a second. The model is replaced as
 * a whole. `invalid_request` with the path of the fault for prices of zero and for a price that is ten times or a tenth of the
 * one before, unless `force`; `conflict` when a price has the version of an earlier one and another content.
 */
export const PutModel = rpc(
  'registry.v1.rpc.model.put',
  z.object({
    model: CatalogueModel,
    /** Takes zero prices and tenfold jumps as meant. */
    force: z.boolean().optional(),
    /** When the prices that differ from the current ones take effect; at once when absent. */
    validFrom: z.iso.datetime().optional(),
  }),
  z.object({ revision: z.int() }),
);

/** Takes a model out of the catalogue. Unknown ids are not an error. */
export const RemoveModel = rpc(
  'registry.v1.rpc.model.remove',
  z.object({ modelId: z.string() }),
  z.object({ removed: z.boolean() }),
);

export const GetModel = rpc(
  'registry.v1.rpc.model.get',
  z.object({ modelId: z.string() }),
  z.object({ model: CatalogueModel.nullable() }),
);

/** What the registry holds: for readiness checks and the start page of the runner. */
export const CountCatalogue = rpc(
  'registry.v1.rpc.catalogue.count',
  z.object({}),
  z.object({ models: z.int(), endpoints: z.int(), providers: z.int(), authors: z.int() }),
);
