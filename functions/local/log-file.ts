/**
 * A log as JSON Lines, added to the end of a file. Lines are gathered and written together, whole ones in one write, so that
 * several processes can share a file. Best effort: a process that is killed loses its last quarter of a second, and a disk
 * that takes no more, a folder that is not there or a pipe that nobody reads stops no mail: those lines are lost and counted.
 * Before each write the file is looked up by its name: where it was moved away, another is begun. No signal is needed.
 */
import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';

/** Characters that are gathered before they are written. */
const GATHERED = 32_768;
const WRITTEN_EVERY_MS = 250;

/** Not to wait for a pipe's reader, neither at its opening nor at a write. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

export interface LogFile {
  /** One line. */
  write(entry: Readonly<Record<string, unknown>>): void;
  /** Writes what is gathered. */
  close(): void;
}

export interface LogFileOptions {
  /** Told once, when lines are lost. */
  readonly onLoss?: (error: unknown) => void;
  /** The line that says how many were lost, when they can be written again. Default: none. */
  readonly gap?: (lines: number) => Readonly<Record<string, unknown>>;
}

/** @param file made with mode 0600 when missing; opened when the first lines are written */
export function openLogFile(file: string, options: LogFileOptions = {}): LogFile {
  return new GatheringLog(file, options);
}

class GatheringLog implements LogFile {
  readonly #file: string;
  readonly #options: LogFileOptions;
  #fd: number | null = null;
  #gathered = '';
  #lines = 0;
  #lost = 0;
  #timer: NodeJS.Timeout | null = null;
  #isToldOfLoss = false;
  /** The last write may have ended within a line. */
  #isTorn = false;
  #isClosed = false;

  constructor(file: string, options: LogFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  write(entry: Readonly<Record<string, unknown>>): void {
    if (this.#isClosed) return;
    this.#gathered += `${JSON.stringify(entry)}\n`;
    this.#lines += 1;
    if (this.#gathered.length >= GATHERED) this.#writeOut();
    else this.#timer ??= setTimeout(() => this.#writeOut(), WRITTEN_EVERY_MS).unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#writeOut();
    this.#isClosed = true;
    this.#letGo();
  }

  #writeOut(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#lines;
    if (lines === 0) return;
    const text = this.#gathered;
    this.#gathered = '';
    this.#lines = 0;
    try {
      this.#writeAll(this.#opened(), Buffer.from(this.#textBefore() + text));
      this.#lost = 0;
    } catch (error) {
      this.#lost += lines;
      if (!this.#isToldOfLoss) this.#options.onLoss?.(error);
      this.#isToldOfLoss = true;
    }
  }

  /** Ends a torn line, and tells of lines that are not there. */
  #textBefore(): string {
    const gap = this.#lost === 0 ? undefined : this.#options.gap?.(this.#lost);
    return `${this.#isTorn ? '\n' : ''}${gap === undefined ? '' : `${JSON.stringify(gap)}\n`}`;
  }

  #writeAll(fd: number, octets: Buffer): void {
    let written = 0;
    try {
      while (written < octets.length) written += writeSync(fd, octets, written);
      this.#isTorn = false;
    } catch (error) {
      this.#isTorn ||= written > 0;
      throw error;
    }
  }

  /** The file that has the name now. Where none can be had, the one that had it goes on. */
  #opened(): number {
    if (this.#fd !== null && isNamed(this.#fd, this.#file)) return this.#fd;
    try {
      const fd = openSync(this.#file, FLAGS, 0o600);
      this.#letGo();
      this.#fd = fd;
      this.#isTorn = false;
      return fd;
    } catch (error) {
      if (this.#fd === null) throw error;
      return this.#fd;
    }
  }

  #letGo(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function isNamed(fd: number, file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return found.dev === dev && found.ino === ino;
}
