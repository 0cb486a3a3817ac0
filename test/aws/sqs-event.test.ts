/** Events of Lambda's source for SQS: each message by itself, and what comes again. */
import { describe, expect, test } from 'vitest';
import { answerDoorbells, type ReceivedDoorbell, SqsEventError } from '#aws';
import { type DoorbellAnswer, doorbellText } from '#mailing';

const bell = (batch: number) => ({ relay: 'main', run: 'run-1', batch, notBefore: 0 });
const record = (messageId: string, body: string, count = '1') => ({
  messageId,
  receiptHandle: `handle of ${messageId}`,
  body,
  attributes: { ApproximateReceiveCount: count },
  eventSource: 'aws:sqs',
});

async function answered(records: unknown[], handle: (bell: ReceivedDoorbell) => Promise<DoorbellAnswer>) {
  const failures: [string, string][] = [];
  const onFailure = (id: string, error: unknown) => failures.push([id, String(error)]);
  const answer = await answerDoorbells({ Records: records }, { handle, onFailure });
  return { again: answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), failures };
}

describe('messages of one event', () => {
  test('are handled in turn, and deleted where they are', async () => {
    const handled: ReceivedDoorbell[] = [];
    const records = [record('a', doorbellText(bell(1))), record('b', doorbellText(bell(2)), '7')];
    const { again } = await answered(records, async (each) => {
      handled.push(each);
      return 'handled';
    });
    expect(again).toEqual([]);
    expect(handled).toEqual([
      { ...bell(1), receiveCount: 1 },
      { ...bell(2), receiveCount: 7 },
    ]);
  });

  test('keep each other from nothing: foreign ones, broken ones, and those whose handling throws', async () => {
    const handled: number[] = [];
    const records = [
      record('foreign', '{"detail-type":"Object Created"}'),
      record('first', doorbellText(bell(1))),
      record('torn', doorbellText(bell(2)).slice(0, 20)),
      record('throws', doorbellText(bell(3))),
      { ...record('bodiless', ''), body: undefined },
      record('later', doorbellText(bell(4))),
      record('last', doorbellText(bell(5))),
    ];
    const { again, failures } = await answered(records, async ({ batch }) => {
      handled.push(batch);
      if (batch === 3) throw new Error('the table is away');
      return batch === 4 ? 'again' : 'handled';
    });
    expect(handled).toEqual([1, 3, 4, 5]);
    expect(again).toEqual(['foreign', 'torn', 'throws', 'bodiless', 'later']);
    expect(failures).toEqual([
      ['foreign', expect.stringContaining('it is JSON with 1 key, and no "cartero": "doorbell"')],
      ['torn', expect.stringContaining('its 20 characters are no JSON')],
      ['throws', 'Error: the table is away'],
      ['bodiless', expect.stringContaining('its 0 characters are no JSON')],
    ]);
  });
});

describe('what is no event of SQS', () => {
  const rest = record('a', doorbellText(bell(1)));
  test.each<[unknown, string]>([
    [undefined, 'it has no "Records"'],
    [{}, 'it has no "Records"'],
    [{ Records: 'many' }, 'it has no "Records"'],
    [{ Records: [{ eventSource: 'aws:s3' }] }, '"Records.0" is none of SQS'],
    [{ Records: [rest, null] }, '"Records.1" is none of SQS'],
    [{ Records: [rest, { ...rest, messageId: '' }] }, '"Records.1" has no "messageId"'],
  ])('%j is answered by an error, before anything is handled', async (event, problem) => {
    let handled = 0;
    const handle = async (): Promise<DoorbellAnswer> => {
      handled += 1;
      return 'handled';
    };
    const answer = answerDoorbells(event, { handle, onFailure: () => {} });
    await expect(answer).rejects.toThrow(SqsEventError);
    await expect(answer).rejects.toThrow(problem);
    expect(handled).toBe(0);
  });
});
