import type { DeliveryRecord } from '#mailing';

/** Of somebody who was refused at the first attempt, but for what a test says. */
export function recordOf(more: Partial<DeliveryRecord>): DeliveryRecord {
  return {
    batch: 1,
    row: 1,
    recipient: 'ana@example.com',
    outcome: 'refused',
    reply: null,
    enhancedStatus: null,
    queueId: null,
    attempts: 1,
    uncertainAttempts: 0,
    messageId: 'm@example.com',
    problem: null,
    at: 1,
    nextAt: null,
    ...more,
  };
}
