import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { ServiceOptions } from '@switchyard/chassis';
import { EdgeConfig } from '../config.js';
import { Guard } from '../callers/guard.service.js';
import { DEFAULT_BODY_LIMIT_BYTES } from './access.js';
import type { RouteAccess } from './access.js';
import { answerBrokenRequests } from './broken-requests.js';
import { dialectOfAddress } from './dialect-of-request.js';
import { allowAnyOrigin, preflightHeaders } from './cors.js';
import { parseJsonBody } from './json-body.js';
import { readMultipart } from './multipart-body.js';
import { KNOWN_CALLER_LEFTOVER, STRANGER_LEFTOVER, swallowBody } from './leftover-body.js';

/** The whole request must have arrived after this; the answer may take longer. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** How often Node looks for connections that took too long. */
const CONNECTION_CHECK_MS = 5_000;
/** Addresses of the process itself, for its supervisor: they read no body and say nothing about tenants. */
const SUPERVISION = new Set(['/livez', '/readyz', '/metrics']);
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What Fastify must be told when it is made. */
export const fastifyOptions = ({ TRUSTED_PROXIES }: EdgeConfig): NonNullable<ServiceOptions['fastify']> => ({
  requestTimeout: REQUEST_TIMEOUT_MS,
  http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CONNECTION_CHECK_MS },
  bodyLimit: DEFAULT_BODY_LIMIT_BYTES,
  // Generic over servers that this one is not (HTTP/2).
  frameworkErrors: (_error, _request, reply) => answerUndecodable(reply as unknown as FastifyReply),
  // Only named proxies are believed: whoever could forge an address would get round the limits per address.
  trustProxy: TRUSTED_PROXIES === '' ? false : TRUSTED_PROXIES.split(',').map((network) => network.trim()),
});

/**
 * Prepares the HTTP server of the edge. Called before the routes are registered, so that every one of them gets its limit and
 * the guard.
 */
export function configureHttp(app: NestFastifyApplication): void {
  const server: FastifyInstance = app.getHttpAdapter().getInstance();
  const guard = app.get(Guard);
  server.addHook('onRoute', limitBody);
  server.addHook('onRequest', (request, reply, proceed) => {
    allowAnyOrigin(reply.raw);
    if (request.method === 'OPTIONS') {
      answerPreflight(request, reply);
      return;
    }
    // What is thrown here goes where `proceed` would take it.
    if (request.is404) throw nothingHere(server, request);
    const asked = guard.admit(request, reply, accessOf(request));
    if (asked) asked.then(() => proceed(), proceed);
    else proceed();
  });
  server.addHook('onSend', (request, reply, payload, proceed) => {
    if (reply.statusCode < 400) {
      proceed(null, payload);
      return;
    }
    const limits = request.caller ? KNOWN_CALLER_LEFTOVER : STRANGER_LEFTOVER;
    void swallowBody(request.raw, limits).then((isOver) => {
      // The rest of a body that nobody will read is not worth the connection.
      if (!isOver) reply.header('connection', 'close');
      proceed(null, payload);
    }, proceed);
  });
  app.useBodyParser('application/json', {}, (request, body, done) => {
    try {
      done(null, wantsRawBody(request) ? body : parseJsonBody(body));
    } catch (error) {
      done(error as GatewayError);
    }
  });
  const { MAX_UPLOAD_BYTES: fileBytes } = app.get(EdgeConfig);
  server.addContentTypeParser('multipart/form-data', (request: FastifyRequest, payload: IncomingMessage) => {
    const { form } = request.routeOptions.config as Partial<RouteAccess>;
    if (!form) throw new GatewayError('unsupported_media_type');
    return readMultipart(payload, request.headers, { fileBytes, bodyBytes: request.routeOptions.bodyLimit });
  });
  answerBrokenRequests(app.getHttpServer());
}

/** Routes without a mark ask for a key, whatever they are. */
function accessOf(request: FastifyRequest): RouteAccess {
  const { config, url } = request.routeOptions;
  if (isMarked(config)) return config;
  return { access: SUPERVISION.has(url ?? '') ? 'public' : 'key' };
}

const isMarked = (config: object): config is RouteAccess => 'access' in config;

const wantsRawBody = (request: Pick<FastifyRequest, 'routeOptions'>): boolean =>
  (request.routeOptions.config as Partial<RouteAccess>).rawBody === true;

function limitBody(route: RouteOptions): void {
  const { bodyLimitBytes } = (route.config ?? {}) as Partial<RouteAccess>;
  route.bodyLimit = bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply): void {
  const requested = request.headers['access-control-request-headers'];
  void reply.status(204).headers(preflightHeaders(requested)).send();
}

/** Tells a wrong method from a wrong address. */
function nothingHere(server: FastifyInstance, request: FastifyRequest): GatewayError {
  const [url = '/'] = request.url.split('?', 1);
  const allowed = METHODS.filter((method) => server.findRoute({ method, url }) !== null);
  return allowed.length === 0
    ? new GatewayError('not_found')
    : new GatewayError('method_not_allowed', { metadata: { allowed_methods: allowed } });
}

/** An address that cannot be decoded reaches no hook and no filter, and Fastify would repeat it in its own words. */
function answerUndecodable(reply: FastifyReply): void {
  allowAnyOrigin(reply.raw);
  const { status, headers, body } = dialectOf(dialectOfAddress(reply.request.raw.url)).renderError(
    new GatewayError('invalid_request'),
  );
  void reply.status(status).headers(headers).send(body);
}
