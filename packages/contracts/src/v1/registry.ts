import { z } from 'zod';
import { rpc } from '../rpc.js';
import { CatalogueModel } from './catalogue.js';

/** Puts a model with its endpoints and prices into the catalogue; live at every edge within a second. */
export const PutModel = rpc(
  'registry.v1.rpc.model.put',
  z.object({ model: CatalogueModel }),
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
