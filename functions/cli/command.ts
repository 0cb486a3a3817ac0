/** What a command is to the command line: its words, its options, its help. */
import { parseArgs } from 'node:util';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly short?: string;
  /** How the value is called in help: `FILE`. */
  readonly value?: string;
  readonly description: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Lines without the leading `cartero`. */
  readonly usage: readonly string[];
  readonly details?: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** @returns the exit code */
  run(words: Words, shell: Shell): Promise<number>;
}

/** Where a command reads its surroundings and says its words. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Results: what the command is asked for. */
  out(text: string | Uint8Array): void;
  /** Progress, notes and errors. */
  note(line: string): void;
  /** A line that is written over by the next one; nothing where `note` is no terminal. */
  over(line: string): void;
  readonly isTerminal: boolean;
  /**
   * Aborted by the first SIGINT, SIGTERM or SIGHUP; one that comes more than a second later ends the process at once.
   * A command that never reads it has nothing to settle, and is ended by the first.
   */
  readonly signal: AbortSignal;
}

/** The command was not typed as it can be used. */
export class UsageError extends Error {
  readonly code = 'ERR_USAGE';
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** What the words point at is not there, or not in order. */
export class InputError extends Error {
  readonly code = 'ERR_INPUT';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InputError';
  }
}

/** The words behind a command's name, read by its options. */
export class Words {
  readonly positionals: readonly string[];
  readonly #values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

  constructor(command: Command, args: readonly string[]) {
    const options = Object.fromEntries(
      Object.entries(command.options).map(([name, { type, multiple, short }]) => [
        name,
        { type, ...(multiple ? { multiple } : {}), ...(short === undefined ? {} : { short }) },
      ]),
    );
    try {
      const { values, positionals, tokens } = parseArgs({
        args: [...args],
        options,
        allowPositionals: true,
        tokens: true,
      });
      this.#values = values;
      this.positionals = positionals;
      refuseRepeated(
        tokens.flatMap((token) => (token.kind === 'option' && !options[token.name]?.multiple ? [token.name] : [])),
      );
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${error instanceof Error ? error.message.split('. ')[0] : error}`);
    }
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  }

  /** @throws UsageError where it is missing */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError(`--${name} is missing`);
    return value;
  }

  /** A whole number in the limits. @throws UsageError */
  count(name: string, { from = 1, to = 1_000_000 } = {}): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= from && value <= to))
      throw new UsageError(`--${name} is ${JSON.stringify(text)}, wanted a whole number from ${from} to ${to}`);
    return value;
  }

  /** A number above 0. @throws UsageError */
  rate(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
    if (!(value > 0)) throw new UsageError(`--${name} is ${JSON.stringify(text)}, wanted a number above 0`);
    return value;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = allowed.find((each) => each === text);
    if (found === undefined)
      throw new UsageError(`--${name} is ${JSON.stringify(text)}, wanted one of ${allowed.join(', ')}`);
    return found;
  }

  /** Epoch ms of an ISO 8601 moment. @throws UsageError */
  moment(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
    if (Number.isNaN(value))
      throw new UsageError(`--${name} is ${JSON.stringify(text)}, wanted ISO 8601 such as 2026-12-01T09:00:00Z`);
    return value;
  }

  /** The positional words between the limits. @throws UsageError that names what is missing or too much */
  positional(names: readonly string[], { optional = 0 } = {}): readonly string[] {
    const missing = names[this.positionals.length];
    if (this.positionals.length < names.length - optional && missing !== undefined)
      throw new UsageError(`<${missing}> is missing`);
    const surplus = this.positionals[names.length];
    if (surplus !== undefined) throw new UsageError(`${JSON.stringify(surplus)} is one word too many`);
    return this.positionals;
  }
}

/** parseArgs would take the last and drop the others: of two recipients, the first would get nothing. */
function refuseRepeated(names: readonly string[]): void {
  const again = names.find((name, index) => names.indexOf(name) < index);
  if (again !== undefined) throw new UsageError(`--${again} is given twice, wanted once`);
}

/** The usage lines; one that begins with a space goes on with the one before. */
export function usageOf({ usage }: Command): string {
  return usage.map((line) => (line.startsWith(' ') ? `          ${line}` : `  cartero ${line}`)).join('\n');
}

/** The text of `cartero <command> --help`. */
export function helpOf(command: Command): string {
  const options = [...Object.entries(command.options)];
  const labels = options.map(([name, { value }]) => `--${name}${value === undefined ? '' : ` ${value}`}`);
  const width = Math.max(0, ...labels.map((label) => label.length));
  const lines = options.map(([, { description }], index) => `  ${labels[index]?.padEnd(width)}  ${description}`);
  return [
    `${command.summary}\n`,
    'Usage:',
    usageOf(command),
    ...(command.details === undefined ? [] : ['', command.details.trim()]),
    ...(lines.length === 0 ? [] : ['', 'Options:', ...lines]),
    '',
    'Examples:',
    ...command.examples.flatMap(([line, meaning]) => [`  npx cartero ${line}`, `      ${meaning}`]),
    '',
  ].join('\n');
}
