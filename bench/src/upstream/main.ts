// A provider as fast as a plain HTTP server is: the answer depends on the model's name alone. Prints its port when it listens.
import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastEvents, readRequest, tokenEvent, wholeAnswer, type Pace } from './answers.js';

const wholeAnswers = new Map<number, Buffer>();
const streams = new Map<number, Buffer[]>();

function wholeBytes(tokens: number): Buffer {
  let bytes = wholeAnswers.get(tokens);
  if (!bytes) wholeAnswers.set(tokens, (bytes = Buffer.from(wholeAnswer(tokens))));
  return bytes;
}

function streamBytes(tokens: number): Buffer[] {
  let events = streams.get(tokens);
  if (!events) {
    events = [...Array.from({ length: tokens }, (_, index) => tokenEvent(index)), lastEvents(tokens)].map((text) =>
      Buffer.from(text),
    );
    streams.set(tokens, events);
  }
  return events;
}

async function stream(response: ServerResponse, { tokens, tokensPerSecond }: Pace): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const startedAt = performance.now();
  for (const [index, bytes] of streamBytes(tokens).entries()) {
    if (tokensPerSecond > 0 && index > 0 && index < tokens) {
      // Against the clock of the stream, so that a late timer does not slow the whole answer down.
      const waitMs = startedAt + (index * 1_000) / tokensPerSecond - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (response.destroyed) return;
    }
    // Each event by itself, as providers send them.
    if (!response.write(bytes) && tokensPerSecond === 0)
      await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => void answer(Buffer.concat(chunks), response));
});

async function answer(body: Buffer, response: ServerResponse): Promise<void> {
  const asked = readRequest(body);
  if (!asked) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no such model"}}');
    return;
  }
  if (asked.pace.latencyMs > 0) await sleep(asked.pace.latencyMs);
  if (asked.stream) return stream(response, asked.pace);
  const bytes = wholeBytes(asked.pace.tokens);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as { port: number }).port}`));
