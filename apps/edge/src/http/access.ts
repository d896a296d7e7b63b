import { RouteConfig } from '@nestjs/platform-fastify';
import type { DialectId } from '@switchyard/contracts';

/**
 * Who may use a route. `public`: anyone, without a key. `key`: any valid key. `inference` and `management`: that kind of key
 * alone. `operator`: management keys of the account that runs the installation. A route without a mark asks for a key: forgetting the mark never opens a door.
 */
export type AccessKind = 'public' | 'key' | 'inference' | 'management' | 'operator';

export interface RouteAccess {
  readonly access: AccessKind;
  /** Largest request body in bytes; {@link DEFAULT_BODY_LIMIT_BYTES} when absent. */
  readonly bodyLimitBytes?: number;
  /** The handler gets the bytes of a JSON body as they came, because they are signed; also where nobody has to show a key. */
  readonly rawBody?: boolean;
  /** The body may be a form with files as well. */
  readonly form?: boolean;
  /** What its clients speak, also where they are told of an error; OpenAI's chat completions when absent. */
  readonly dialect?: DialectId;
}

export const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
/** Images travel inside chat completions as base64. */
export const MULTIMODAL_BODY_LIMIT_BYTES = 32 * 1024 * 1024;
/** A form and what describes its files must fit into one body on the bus, which takes 32 MiB. */
export const FORM_BODY_LIMIT_BYTES = 30 * 1024 * 1024;

/** Marks a controller method for the guard, which reads it before the body is read. */
export const Access = (access: AccessKind, options: Omit<RouteAccess, 'access'> = {}): MethodDecorator =>
  RouteConfig({ access, ...options } satisfies RouteAccess);

/** Every public route is served under both prefixes: OpenRouter's own and the one that OpenAI clients expect. */
export const API_PREFIXES = ['api/v1', 'v1'] as const;

/** The paths of a controller under every prefix: `apiPaths('keys')`; `apiPaths('')` is the prefix itself. */
export const apiPaths = (...paths: readonly string[]): string[] =>
  API_PREFIXES.flatMap((prefix) => paths.map((path) => (path === '' ? prefix : `${prefix}/${path}`)));

/** Where Google's clients look: they add the version to the address that they are given, older ones `v1beta`, newer ones `v1`. */
export const GOOGLE_PREFIXES = ['api/v1beta', 'v1beta', ...API_PREFIXES] as const;
