/**
 * The conversation as people see it: one record a line. Secrets and mail content never come in here: a command brings
 * the form in which it is shown, and replies have been searched for secrets that a server may send back.
 */
import { printable } from './printable.ts';
import type { SessionTime } from './timeouts.ts';

export interface TranscriptRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** `note`: what neither side said but what happened, e.g. the server's certificate. */
  readonly by: 'client' | 'server' | 'note';
  /** One line without its CRLF, control characters escaped, secrets and mail content replaced by `<…>`. */
  readonly text: string;
  /** Octets on the wire, CRLF included; 0 for a note. */
  readonly octets: number;
}

export type Recorder = (record: TranscriptRecord) => void;

/** Writes records to whoever listens at the time: the session's listener, or a mail transaction's own. */
export class Transcript {
  readonly #time: SessionTime;
  #recorder: Recorder;

  constructor(time: SessionTime, recorder: Recorder) {
    this.#time = time;
    this.#recorder = recorder;
  }

  /** @returns the recorder that listened before */
  redirect(recorder: Recorder): Recorder {
    const before = this.#recorder;
    this.#recorder = recorder;
    return before;
  }

  /** @param recorder who listens, where it is not the one of {@link redirect}; so in all of these */
  client(text: string, octets: number, recorder?: Recorder): void {
    this.#write('client', text, octets, recorder);
  }

  /** @param lineOctets octets of each line on the wire */
  server(code: number, lines: readonly string[], lineOctets: readonly number[], recorder?: Recorder): void {
    const last = lines.length - 1;
    for (let index = 0; index <= last; index += 1) {
      const text = `${code}${index < last ? '-' : ' '}${lines[index]}`;
      // Most lines have nothing to trim.
      const end = text.charCodeAt(text.length - 1);
      this.#write('server', end > 0x20 && end < 0x7f ? text : text.trimEnd(), lineOctets[index] ?? 0, recorder);
    }
  }

  note(text: string, recorder?: Recorder): void {
    this.#write('note', text, 0, recorder);
  }

  #write(by: TranscriptRecord['by'], text: string, octets: number, recorder = this.#recorder): void {
    recorder({ at: this.#time.now(), by, text: printable(text), octets });
  }
}
