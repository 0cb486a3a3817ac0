/** What every transcript sink does, whatever it is made of. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TranscriptEntry, TranscriptShelf } from '#mailing';

export interface TranscriptSinkFixture {
  /** The sink as a new process sees it. */
  join(): TranscriptShelf;
  remove(): Promise<void>;
}

type Records = TranscriptEntry['records'];

export function said(...texts: string[]): Records {
  return texts.map((text, index) => ({
    at: 1000 + index,
    by: index % 2 ? 'client' : 'server',
    text,
    octets: text.length,
  }));
}

export function session(name: string, records: Records = said(`220 ${name}`)): TranscriptEntry {
  return { kind: 'session', session: name, records };
}

export function delivery(
  name: string,
  row: number,
  attempt = 1,
  records: Records = said(`250 row ${row}`),
): TranscriptEntry {
  return {
    kind: 'delivery',
    session: name,
    row,
    recipient: `row${row}@example.com`,
    attempt,
    outcome: 'accepted',
    reply: null,
    records,
  };
}

export function describeTranscriptSink(name: string, newSink: () => Promise<TranscriptSinkFixture>): void {
  describe(`${name} keeps the contract of TranscriptSink`, () => {
    let fixture: TranscriptSinkFixture;
    let sink: TranscriptShelf;
    beforeEach(async () => {
      fixture = await newSink();
      sink = fixture.join();
    });
    afterEach(() => fixture.remove());

    test('each attempt comes with the opening of its own session, in the order of writing', async () => {
      sink.write('run', 1, session('s1'));
      sink.write('run', 1, delivery('s1', 7, 1));
      sink.write('run', 1, session('s2'));
      sink.write('run', 1, delivery('s1', 8));
      sink.write('run', 1, delivery('s2', 7, 2));
      await sink.flush();
      expect(await fixture.join().read('run', 1, 7)).toEqual([
        { attempt: 1, opening: said('220 s1'), transaction: said('250 row 7') },
        { attempt: 2, opening: said('220 s2'), transaction: said('250 row 7') },
      ]);
    });

    test('an opening written once is there in each batch that the session served', async () => {
      sink.write('run', 1, session('s1'));
      for (const batch of [1, 2, 3]) sink.write('run', batch, delivery('s1', batch));
      await sink.flush();
      for (const batch of [1, 2, 3]) {
        expect(await fixture.join().read('run', batch, batch)).toMatchObject([{ opening: said('220 s1') }]);
      }
    });

    test('runs and batches are kept apart, also those of odd names', async () => {
      const runs = ['run', 'run/1', '..', '.', 'RUN 1', 'ñ', '%2E%2E', 'a\u0000b'];
      for (const run of runs) sink.write(run, 1, delivery('s', 1, 1, said(run)));
      await sink.flush();
      for (const run of runs) {
        expect(await fixture.join().read(run, 1, 1)).toEqual([{ attempt: 1, opening: [], transaction: said(run) }]);
        expect(await sink.read(run, 2, 1)).toEqual([]);
      }
    });

    test('who reads with the sink that wrote needs no flush', async () => {
      sink.write('run', 1, delivery('s', 1));
      expect(await sink.read('run', 1, 1)).toHaveLength(1);
    });

    test('what nobody wrote is empty', async () => {
      await sink.flush();
      expect(await sink.read('nothing', 1, 1)).toEqual([]);
    });

    test('texts come back as they were', async () => {
      const records = said('\u2028 "quoted" \\ ñ \u{1f4e7}', '');
      sink.write('run', 1, delivery('s', 1, 1, records));
      await sink.flush();
      expect(await fixture.join().read('run', 1, 1)).toMatchObject([{ transaction: records }]);
    });

    test('two processes that write to one batch lose nothing of each other', async () => {
      const sinks = [sink, fixture.join()];
      for (let row = 1; row <= 400; row += 1) {
        for (const [at, one] of sinks.entries())
          one.write('run', 1, delivery(`s${at}`, row, at + 1, said('x'.repeat(200))));
      }
      await Promise.all(sinks.map((one) => one.flush()));
      for (const row of [1, 200, 400]) {
        const attempts = (await fixture.join().read('run', 1, row)).map(({ attempt }) => attempt);
        expect(attempts.sort()).toEqual([1, 2]);
      }
    });
  });
}
