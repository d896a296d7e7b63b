import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey, KeyKind } from '@switchyard/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EdgeConfig } from '../config.js';
import type { RouteAccess } from '../http/access.js';
import { BodyBudget } from '../http/body-budget.js';
import { announcedBytes, assertBodyType, hasBody } from '../http/request-head.js';
import { LoadService } from '../process/load.service.js';
import { credentialsOf } from './credentials.js';
import { KeyResolver } from './key-resolver.service.js';
import { KeyUses } from './key-uses.service.js';

const STRANGERS_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Decides who may pass, from the headers alone: the body of a caller whom nobody knows is never read. The decision follows the
 * route that was matched, so no spelling of a path gets round it.
 */
@Injectable()
export class Guard {
  private readonly bodies: BodyBudget;
  /** Apart, so that whoever needs no key takes no room from those who have one. */
  private readonly strangersBodies = new BodyBudget(STRANGERS_BODY_BYTES);

  constructor(
    private readonly keys: KeyResolver,
    private readonly load: LoadService,
    private readonly uses: KeyUses,
    config: EdgeConfig,
  ) {
    this.bodies = new BodyBudget(config.MAX_BODY_BYTES_IN_FLIGHT);
  }

  /** A promise only where the key has to be asked for. @throws GatewayError */
  admit(request: FastifyRequest, reply: FastifyReply, route: RouteAccess): Promise<void> | undefined {
    if (route.access === 'public') {
      if (route.rawBody && hasBody(request.raw))
        this.admitBody(request, reply, { budget: this.strangersBodies, form: false });
      return undefined;
    }
    const { secret, kind } = credentialsOf(request.raw);
    const key = this.keys.resolve(secret, request.ip);
    if (key instanceof Promise)
      return key.then((found) => this.admitCaller(request, reply, route, { key: found, kind }));
    this.admitCaller(request, reply, route, { key, kind });
    return undefined;
  }

  private admitCaller(
    request: FastifyRequest,
    reply: FastifyReply,
    { access, form = false }: RouteAccess,
    { key, kind }: { readonly key: ApiKey; readonly kind: KeyKind },
  ): void {
    // From here the caller is known, also to whoever answers a refusal.
    request.caller = { key };
    assertKind(access, kind);
    if (access === 'operator' && !key.operator)
      throw new GatewayError('permission_denied', { message: 'Only the operator of the installation may do that.' });
    if (access === 'inference') this.load.assertRoom();
    if (hasBody(request.raw)) this.admitBody(request, reply, { budget: this.bodies, form });
    this.uses.note(key.id);
  }

  private admitBody(
    request: FastifyRequest,
    reply: FastifyReply,
    { budget, form }: { readonly budget: BodyBudget; readonly form: boolean },
  ): void {
    assertBodyType(request.raw, { form });
    const limit = request.routeOptions.bodyLimit;
    const bytes = announcedBytes(request.raw) ?? limit;
    if (bytes > limit)
      throw new GatewayError('payload_too_large', { message: `The request body may have at most ${limit} bytes.` });
    const giveBack = budget.take(bytes);
    reply.raw.once('close', giveBack);
  }
}

/** Keys of one kind never do the other's work: a leaked inference key can spend its credit, but make no more keys. */
function assertKind(access: RouteAccess['access'], kind: KeyKind): void {
  if (access === 'inference' && kind === 'management')
    throw new GatewayError('wrong_key_kind', { message: 'A management key cannot be used for inference.' });
  if ((access === 'management' || access === 'operator') && kind === 'inference')
    throw new GatewayError('wrong_key_kind', { message: 'This address asks for a management key.' });
}
