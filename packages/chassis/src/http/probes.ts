import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { renderMetrics } from '@switchyard/telemetry';
import { Drain } from '../lifecycle/drain.js';
import { Health } from '../lifecycle/health.js';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * `/livez`: the process runs its event loop. `/readyz`: it should be given work; 503 with the reasons otherwise. `/metrics`: the
 * instruments as Prometheus text. Routes of Fastify and not of Nest, so that a service's guards, filters and prefix leave them alone.
 */
export function serveProbes(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  const health = app.get(Health, { strict: false });
  const drain = app.get(Drain, { strict: false });

  server.get('/livez', async (_request, reply) => reply.send({ status: 'alive' }));
  server.get('/readyz', async (_request, reply) => {
    const { ready, checks } = await health.readiness();
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks });
  });
  server.get('/metrics', async (_request, reply) => reply.type(METRICS_TYPE).send(await renderMetrics()));

  // A client that keeps its connection would hold the server open, and go on sending to a process that stops.
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (drain.draining) reply.header('connection', 'close');
    done(null, payload);
  });
}
