/** One relay: its queue of batches, and the function that sends them, once it is told how. */
import { Construct } from 'constructs';
import { DoorFunction, type DoorFunctionProps } from './door-function.ts';
import { DoorbellQueue } from './doorbell-queue.ts';
import type { DeployedRelay } from './environment.ts';

/** A sender's lease: to the end of its invocation (15 minutes) and one minute. A doorbell that comes back finds it ended. */
const LEASE_SECONDS = 960;
/** SQS's limit: a batch rings as long as somebody in it is to be tried again. */
const MAX_RECEIVES = 1000;

export class RelaySender extends Construct {
  readonly relay: DeployedRelay;
  readonly batches: DoorbellQueue;
  #sender: DoorFunction | null = null;

  constructor(scope: Construct, id: string, relay: DeployedRelay) {
    super(scope, id);
    this.relay = relay;
    this.batches = new DoorbellQueue(this, 'Batches', { visibilitySeconds: LEASE_SECONDS, maxReceives: MAX_RECEIVES });
  }

  /** `null` where nobody sends: batches wait in the queue. */
  get sender(): DoorFunction | null {
    return this.#sender;
  }

  sendBy(props: Omit<DoorFunctionProps, 'concurrency' | 'name'>): DoorFunction {
    const sender = new DoorFunction(this, 'Sender', { ...props, name: 'sender', concurrency: this.relay.senders });
    sender.takeFrom(this.batches);
    this.#sender = sender;
    return sender;
  }
}
