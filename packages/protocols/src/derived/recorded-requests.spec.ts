import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DialectId } from '@switchyard/contracts';
import { dialectOf, renderUpstream } from '../index.js';
import { endpointOf } from '../testing/builders.js';
import { formatOf } from '../testing/fixtures.js';
import { chatRecordings, recordingsDirectory } from '../testing/recordings.js';
import type { Recording } from '../testing/recordings.js';

const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

const DERIVED = ['anthropic-vertex', 'anthropic-bedrock', 'gemini-vertex'];

/** Where a recorded request went: the path below the location or the host, with the model in it. */
function addressOf(recording: Recording): { readonly path: string; readonly model: string } {
  const index = JSON.parse(readFileSync(join(dirname(recording.file), 'index.json'), 'utf8')) as {
    cases: { case: string; url?: string }[];
  };
  const url = index.cases.find((one) => one.case === recording.case)?.url ?? '';
  const path = /\/(?:publishers|model)\/.*$/.exec(url)?.[0] ?? '';
  const model = /\/models?\/([^/]+?)(?::\w*(?:Predict|Content).*|\/invoke.*)$/.exec(path)?.[1] ?? '';
  return { path, model: decodeURIComponent(model) };
}

const sent = chatRecordings()
  .filter(({ protocol, requestFile }) => DERIVED.includes(protocol) && requestFile !== null)
  .map((recording): [string, Recording] => [`${recording.provider}/${recording.case}`, recording]);

suite(`recorded requests to other roofs${note}`, () => {
  it('are there for each of them', () => {
    expect(new Set(sent.map(([, { protocol }]) => protocol))).toEqual(new Set(DERIVED));
    expect(sent.length).toBeGreaterThan(20);
  });

  it.each(sent)('%s would go to the same place with the same words', (_name, recording) => {
    const body = JSON.parse(readFileSync(recording.requestFile!, 'utf8')) as Record<string, unknown>;
    const { path, model } = addressOf(recording);
    const dialect = formatOf(recording.protocol) as DialectId;
    const asked = { ...body, model: 'author/model', stream: /stream/i.test(path) };
    const upstream = renderUpstream(dialectOf(dialect).parseRequest(asked), asked, dialect, recording.protocol, {
      endpoint: endpointOf({ upstreamModel: model }),
    });
    // One client leaves out `alt=sse`, and one writes the colon of a model's name as it is, which is the same place.
    expect(decodeURIComponent(upstream.path).replace('?alt=sse', '')).toBe(
      decodeURIComponent(path).replace('?alt=sse', ''),
    );
    expect(upstream.body['anthropic_version']).toEqual(body['anthropic_version']);
    if (dialect === 'anthropic-messages') expect(upstream.body['messages']).toEqual(body['messages']);
    else expect((upstream.body['contents'] as unknown[]).length).toBe((body['contents'] as unknown[]).length);
  });
});
