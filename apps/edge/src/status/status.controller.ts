import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Access, apiPaths } from '../http/access.js';
import { STATUS_PAGE_POLICY } from './status-page.js';
import { FRESH_MS, StatusService } from './status.service.js';

const CACHE = `public, max-age=${FRESH_MS / 1_000}`;

@Controller(apiPaths('status'))
export class StatusController {
  constructor(private readonly status: StatusService) {}

  /** A browser, which says that it reads HTML, gets a page; everybody else, and who asks for it, JSON. */
  @Get()
  @Access('public')
  get(
    @Headers('accept') accept: string | undefined,
    @Query('format') format: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Buffer {
    void reply.header('cache-control', CACHE).header('vary', 'accept').header('x-content-type-options', 'nosniff');
    if (format === 'json' || !accept?.includes('text/html')) {
      void reply.type('application/json; charset=utf-8');
      return this.status.json();
    }
    void reply.type('text/html; charset=utf-8').header('content-security-policy', STATUS_PAGE_POLICY);
    return this.status.page();
  }
}
