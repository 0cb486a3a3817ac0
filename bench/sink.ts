/** The server that everything is measured against: native/sink.c, in a process of its own, a fresh one each time. */
import { Service } from './child.ts';
import type { Place, Way } from './place.ts';
import { nativeProgram, type Workshop } from './workshop.ts';

export interface SinkCounts {
  readonly mails: number;
  readonly octets: number;
  readonly connections: number;
  /** Commands that came where they must not. */
  readonly outOfOrder: number;
  /** What it did to one mail in so many, where it was asked to: refused with 5yz, deferred with 4yz, cut off without a reply. */
  readonly refused: number;
  readonly deferred: number;
  readonly cut: number;
  /** From the first mail accepted to the last. */
  readonly seconds: number;
}

export class Sink {
  readonly way: Way;
  readonly #service: Service;

  private constructor(service: Service, way: Way) {
    this.#service = service;
    this.way = way;
  }

  /** @param every one mail in so many fails; 0: none */
  static async start(workshop: Workshop, place: Place, security: 'tls' | 'plain', every = 0): Promise<Sink> {
    const program = await nativeProgram('sink');
    const words = [place.host, workshop.certificate, workshop.key, String(every)];
    const service = new Service(place.far([program, ...words]));
    const ports = (await service.nextLine()).split(' ').map(Number);
    return new Sink(service, await place.reach(ports[security === 'tls' ? 1 : 0] ?? 0));
  }

  async counts(): Promise<SinkCounts> {
    this.#service.child.kill('SIGUSR1');
    return JSON.parse(await this.#service.nextLine()) as SinkCounts;
  }

  /** Ends it. @returns what it has counted */
  async end(): Promise<SinkCounts> {
    const counts = await this.counts();
    await this.way.close();
    await this.#service.end();
    return counts;
  }
}

/** @throws where not all mails came, or commands came out of order */
export function expectAll(counts: SinkCounts, mails: number, who: string): void {
  if (counts.mails === mails && counts.outOfOrder === 0) return;
  const found = `${counts.mails} of ${mails} mails, ${counts.outOfOrder} commands out of order`;
  throw new Error(`${who}: the server counted ${found}`);
}
