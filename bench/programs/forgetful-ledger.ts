/** A ledger that keeps nothing: it hands out what was planned, and says yes to whatever is written to it. */
import { ANY_TIME, type Claim, type DeliveryRecord, type Ledger, type OpenBatch } from '#mailing';

interface Batch {
  readonly records: readonly DeliveryRecord[];
  isClosed: boolean;
}

/** @param planned a ledger with the run's complete plan, read once */
export async function openForgetfulLedger(planned: Ledger, run: string): Promise<Ledger> {
  const batches = new Map<number, Batch>();
  for await (const record of planned.deliveries(run)) {
    const batch = batches.get(record.batch) ?? { records: [], isClosed: false };
    batches.set(record.batch, { ...batch, records: [...batch.records, record] });
  }
  const own: Partial<Ledger> = {
    openBatches: async (): Promise<OpenBatch[]> =>
      [...batches]
        .filter(([, { isClosed }]) => !isClosed)
        .map(([batch]) => ({
          batch,
          held: false,
          nextAt: 0,
          ...ANY_TIME,
        })),
    claim: async (_run, batch): Promise<Claim | null> => {
      const { records = [] } = batches.get(batch) ?? {};
      const due = records.map(({ row, recipient, messageId }, index) => ({
        index,
        row,
        recipient,
        messageId,
        attempt: 0,
      }));
      return { run, batch, fence: 1, rev: 1, careful: false, due };
    },
    commit: async ({ rev }) => rev + 1,
    release: async ({ batch }) => {
      const released = batches.get(batch);
      if (released !== undefined) released.isClosed = true;
    },
    async *deliveries(_run, batch) {
      for (const [number, { records }] of batches) if (batch === undefined || number === batch) yield* records;
    },
  };
  return new Proxy(planned, {
    get: (target, name) => {
      const value: unknown = Reflect.get(own, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
