import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fixturesDirectory } from '@switchyard/testing';
import { prepareModel } from '../catalogue/prepare-model.js';
import { aModel } from '../catalogue/testing/builders.js';
import { publicEndpoint } from './public-endpoint.js';
import { publicModel } from './public-model.js';
import { EndpointsShape, Listing } from './testing/shapes.js';

const directory = fixturesDirectory();
const recorded = (file: string): unknown =>
  JSON.parse(readFileSync(path.join(directory ?? '', 'openrouter', file), 'utf8'));

/** The fields that every one of some objects has. */
const commonFields = (objects: readonly object[]): string[] =>
  Object.keys(objects[0] ?? {}).filter((field) => objects.every((one) => Object.hasOwn(one, field)));

const withRecordings = directory ? describe : describe.skip;
withRecordings(
  `against recorded listings of OpenRouter${directory ? '' : ' (skipped: no recorded fixtures here)'}`,
  () => {
    const prepared = prepareModel(aModel());

    it('reads them with the shapes that our own answers are held to', () => {
      for (const file of ['models.json', 'models-2025-12-31.json']) {
        const { data } = recorded(file) as { data: object[] };
        const withNewerFields = data.map((one) => ({ links: { details: '' }, supported_voices: null, ...one }));
        const listing = { data: withNewerFields, total_count: data.length, links: { next: null } };
        expect(Listing.safeParse(listing).error?.issues.slice(0, 3) ?? []).toEqual([]);
      }
    });

    it('has every field that each model of theirs has', () => {
      const { data } = recorded('models.json') as { data: object[] };
      expect(Object.keys(publicModel(prepared))).toEqual(expect.arrayContaining(commonFields(data)));
    });

    it('has every field that each endpoint of theirs has', () => {
      const { data } = recorded('endpoints--moonshotai-kimi-k3.json') as { data: { endpoints: object[] } };
      const ours = publicEndpoint(prepared.endpoints[0]!, 'healthy', null);
      expect(Object.keys(ours)).toEqual(expect.arrayContaining(commonFields(data.endpoints)));
      const choice = { supports_tool_choice: { auto: true, function: true, none: true, required: true } };
      const newer = { data: { ...data, endpoints: data.endpoints.map((one) => ({ ...choice, ...one })) } };
      expect(EndpointsShape.safeParse(newer).error?.issues.slice(0, 3) ?? []).toEqual([]);
    });
  },
);
