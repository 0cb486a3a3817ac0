/** Lines of which CloudWatch makes metrics: their form by its specification, what they count, and when there are none. */
import { createSecretKey } from 'node:crypto';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { MetricsError, openLogLines, openMetrics, RELAY_METRICS } from '#aws';
import { namesBy, RelayFault, type SendOptions, type Settlement } from '#mailing';
import { AuthError } from '#smtp';
import { VirtualClock } from '../mailing/virtual-clock.ts';
import { CapturedLog } from './captured-log.ts';

/** The embedded metric format as AWS specifies it, as far as a document must hold it. */
const isEmbedded = new Ajv({ allowUnionTypes: true }).compile({
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      properties: {
        Timestamp: { type: 'integer', minimum: 0 },
        CloudWatchMetrics: {
          type: 'array',
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            additionalProperties: false,
            properties: {
              Namespace: { type: 'string', minLength: 1, maxLength: 1024 },
              Dimensions: {
                type: 'array',
                minItems: 1,
                items: { type: 'array', minItems: 1, maxItems: 30, items: { type: 'string', maxLength: 250 } },
              },
              Metrics: {
                type: 'array',
                maxItems: 100,
                items: {
                  type: 'object',
                  required: ['Name'],
                  additionalProperties: false,
                  properties: { Name: { type: 'string', minLength: 1, maxLength: 1024 }, Unit: { enum: ['Count'] } },
                },
              },
            },
          },
        },
      },
    },
  },
});

interface Embedded {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

const nameOf = namesBy(createSecretKey(Buffer.alloc(32, 3)));

function scene(change: object = {}) {
  const output = new CapturedLog();
  const clock = new VirtualClock();
  const log = openLogLines(output, clock);
  const metrics = openMetrics({ log, clock, environment: 'production', relay: 'main', nameOf, ...change });
  const { onMail } = metrics.watching<Pick<SendOptions, 'onMail'>>({});
  const settle = (state: Settlement['state'], times = 1) => {
    for (let count = 0; count < times; count += 1)
      onMail?.(
        { index: 0, attempt: 1, state, at: 0 },
        { batch: { claim: { batch: 1 } }, delivery: { recipient: 'ana@example.com', row: 1 }, began: null },
      );
  };
  return { output, metrics, settle };
}

/** Each metric that a line declares has its value, and each dimension, at the root. */
function expectWhole(entry: Record<string, unknown>): void {
  expect(isEmbedded(entry)).toBe(true);
  const { CloudWatchMetrics } = (entry as unknown as Embedded)._aws;
  for (const { Dimensions, Metrics } of CloudWatchMetrics) {
    for (const name of Dimensions.flat()) expect(entry[name], name).toEqual(expect.stringMatching(/^[!-~]+$/));
    for (const { Name } of Metrics) expect(entry[Name], Name).toEqual(expect.any(Number));
  }
}

describe('outcomes', () => {
  test('are counted by relay, in one line each time', () => {
    const { output, metrics, settle } = scene();
    settle('accepted', 300);
    settle('refused', 7);
    settle('deferred', 5);
    settle('uncertain', 2);
    settle('invalid', 9);
    settle('suppressed');
    metrics.flush();
    settle('accepted');
    metrics.flush();
    expect(output.entries).toMatchObject([
      {
        event: 'mails counted',
        at: '2023-11-14T22:13:20.000Z',
        Environment: 'production',
        Relay: 'main',
        ...{ Accepted: 300, Refused: 7, Deferred: 5, Uncertain: 2, Answered: 307, RelayTripped: 0 },
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            {
              Namespace: 'Cartero',
              Dimensions: [['Environment', 'Relay']],
              Metrics: RELAY_METRICS.map((Name) => ({ Name, Unit: 'Count' })),
            },
          ],
        },
      },
      { Accepted: 1, Refused: 0, Uncertain: 0, Answered: 1 },
    ]);
    for (const entry of output.entries) expectWhole(entry);
  });

  test('that no relay has to do with, and none at all, make no line', () => {
    const { output, metrics, settle } = scene();
    metrics.flush();
    settle('invalid', 3);
    metrics.flush();
    expect(output.text).toBe('');
  });

  test('are told to whoever listens already', () => {
    const heard: string[] = [];
    const { metrics } = scene();
    const { onMail } = metrics.watching<Pick<SendOptions, 'onMail'>>({ onMail: ({ state }) => heard.push(state) });
    onMail?.(
      { index: 0, attempt: 1, state: 'refused', at: 0 },
      { batch: { claim: { batch: 1 } }, delivery: { recipient: 'a@b.c', row: 1 }, began: null },
    );
    expect(heard).toEqual(['refused']);
  });
});

test('a relay that trips is told at once, with what it said and nobody’s address', () => {
  const { output, metrics, settle } = scene();
  settle('accepted', 2);
  const reply = { code: 535, lines: ['5.7.8 not you, news@example.com'], enhancedStatus: '5.7.8' };
  const cause = new AuthError('server replied "535 5.7.8 not you, news@example.com"', { temporary: false, reply });
  metrics.tripped(new RelayFault(cause));
  metrics.flush();
  expect(output.entries).toMatchObject([
    {
      event: 'relay tripped',
      code: 'ERR_SMTP_AUTH',
      step: 'AUTH',
      problem: `Cannot log in: server replied "535 5.7.8 not you, ${nameOf('news@example.com')}"`,
      Accepted: 2,
      RelayTripped: 1,
    },
  ]);
  for (const entry of output.entries) expectWhole(entry);
});

test('who is uncertain in a run is told by environment, none as well', () => {
  const { output, metrics } = scene();
  for (const uncertain of [3, 0]) metrics.standing({ id: 'news-1', campaign: 'news' }, { uncertain });
  expect(output.entries).toMatchObject([
    { event: 'run standing', run: 'news-1', campaign: 'news', UncertainStanding: 3 },
    { UncertainStanding: 0 },
  ]);
  for (const entry of output.entries) {
    expectWhole(entry);
    expect((entry as unknown as Embedded)._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['Environment']]);
  }
});

test.each(['', ' main', ':main', 'ñ', 'a\nb', 'x'.repeat(1025)])(
  'CloudWatch takes no relay that is called %j',
  (relay) => {
    expect(() => scene({ relay })).toThrow(MetricsError);
    expect(() => scene({ environment: relay })).toThrow('Cannot count by Environment: found');
  },
);
