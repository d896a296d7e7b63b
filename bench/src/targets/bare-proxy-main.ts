// The floor: what it costs to pass a request on and its answer back, with the libraries that a gateway would use and nothing else.
import { fastify } from 'fastify';
import { Pool } from 'undici';
import { upstreamUrl } from '../config.js';

const upstream = new Pool(upstreamUrl(), { connections: 256, pipelining: 1 });
const server = fastify({ bodyLimit: 32 * 1024 * 1024 });
server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
server.post('/v1/chat/completions', async (request, reply) => {
  const { statusCode, headers, body } = await upstream.request({
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: request.body as Buffer,
  });
  return reply.code(statusCode).header('content-type', headers['content-type']).send(body);
});
const address = await server.listen({ port: 0, host: '127.0.0.1' });
console.log(`listening ${new URL(address).port}`);
