/**
 * A relay that worked, and works no more: the run rests instead of ending, and burns nobody.
 *
 *     closed ──a fault──► open: 1, 2, 4, 8, 15, 15 … minutes ──► half-open: one mail over one connection
 *       ▲                   ▲                                        │                │
 *       │                   └──────────────── again a fault ◄────────┘                │
 *       └───────────────────────────────────────────── the relay says something of the mail
 *
 * Two faults are none to wait for: a relay that never worked, since somebody sits in front of it who can change a setting,
 * and a refused login, since asking again and again locks accounts. A run rests no longer than its deferred recipients
 * have time; whoever was never sent to does not expire.
 */
import { AuthError, pause, type SmtpError } from '#smtp';
import type { SendingPorts } from './due-work.ts';
import { jittered } from './jitter.ts';
import type { MailComposer } from './mail.ts';
import type { RunRecord } from './ports.ts';
import type { SendOptions, SendReport } from './send-options.ts';
import { sendRun } from './sender.ts';
import { type Probe, RelayFault } from './verdicts.ts';

const MINUTE = 60_000;
/** Before the first probe, the second, …; the last holds for all that follow. */
const RESTS: readonly number[] = [1, 2, 4, 8, 15];

export interface BreakerOptions extends SendOptions {
  /** The relay fails; the run rests until `nextAt`, epoch ms. */
  readonly onBroken?: (error: SmtpError, nextAt: number) => void;
  /** It works again. */
  readonly onMended?: () => void;
}

export class Breaker {
  /** Since it was closed last; 0: it is closed. */
  #openings = 0;
  #hasWorked = false;

  /** As {@link sendRun}, but that a relay that has worked is waited for. @throws RelayFault where it is not */
  async send(
    run: RunRecord,
    composer: MailComposer,
    ports: SendingPorts,
    options: BreakerOptions,
  ): Promise<SendReport> {
    const watched: SendOptions = {
      ...options,
      onSettled: (outcome) => {
        this.#hasWorked ||= outcome === 'accepted';
        options.onSettled?.(outcome);
      },
    };
    for (;;) {
      try {
        if (this.#openings === 0) return await sendRun(run, composer, ports, watched);
        const probe: Probe = { isAnswered: false };
        const report = await sendRun(run, composer, ports, { ...watched, probe });
        if (!probe.isAnswered) return report;
        this.#openings = 0;
        options.onMended?.();
      } catch (error) {
        if (!(error instanceof RelayFault) || !this.#isWorthWaiting(error, run, ports)) throw error;
        await this.#rest(error, run, ports, options);
      }
      if (options.signal.aborted) return { stopped: true, elsewhere: 0 };
    }
  }

  #isWorthWaiting({ cause }: RelayFault, { expiresAt }: RunRecord, { clock }: SendingPorts): boolean {
    if (cause instanceof AuthError && !cause.temporary) return false;
    return this.#hasWorked && clock.now() < expiresAt;
  }

  async #rest(
    { cause }: RelayFault,
    { id }: RunRecord,
    { clock }: SendingPorts,
    { owner, signal, onBroken }: BreakerOptions,
  ): Promise<void> {
    const minutes = RESTS[this.#openings] ?? RESTS.at(-1) ?? 0;
    this.#openings += 1;
    const ms = jittered(minutes * MINUTE, id, owner, String(this.#openings));
    onBroken?.(cause, clock.now() + ms);
    await pause(clock, ms, signal);
  }
}
