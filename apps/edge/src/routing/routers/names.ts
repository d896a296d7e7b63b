/** What a router chooses a model by: `auto` by the request, `free` among those that cost nothing. */
export type Router = 'auto' | 'free';

/** The names that leave the choice of the model to the gateway (spec 3.6): OpenRouter's, which its clients send, and our own. */
const ROUTERS: ReadonlyMap<string, Router> = new Map([
  ['openrouter/auto', 'auto'],
  ['switchyard/auto', 'auto'],
  ['openrouter/free', 'free'],
  ['switchyard/free', 'free'],
]);

/** The router of a name without variants; undefined for the name of a model. */
export const routerOf = (name: string): Router | undefined => ROUTERS.get(name);

export const isRouter = (name: string): boolean => ROUTERS.has(name);
