import type { Reply } from './reply.ts';

/** What a server offers in its latest EHLO reply; empty after HELO. */
export interface Extensions {
  /** @param keyword in any case */
  has(keyword: string): boolean;
  /** The keyword's parameters as the server wrote them; empty where it is not offered. */
  parameters(keyword: string): readonly string[];
  /** SASL mechanisms, in capital letters. */
  readonly mechanisms: readonly string[];
  /** Most octets of mail data that the server takes (RFC 1870); `null` where it names no limit. */
  readonly sizeLimit: number | null;
  /** RFC 9422; `null` where it names none. */
  readonly limits: Limits;
  /** The shortest time within which the server gives undelivered mail back (RFC 2852); `null` where it names none. */
  readonly minDeliverBySeconds: number | null;
}

export interface Limits {
  /** Mail transactions in one session. */
  readonly mailMax: number | null;
  /** Recipients in one mail transaction. */
  readonly rcptMax: number | null;
  /** Domains of recipients in one session, and so in one mail transaction. */
  readonly rcptDomainMax: number | null;
}

// RFC 5321 §4.1.1.1: ehlo-keyword; and `AUTH=PLAIN`, as servers of old wrote it for clients of old.
const EHLO_LINE = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =](.*))?$/;
const SIZE = /^\d{1,15}$/;
const SECONDS = /^\d{1,9}$/;

/** RFC 5321 §4.1.1.1: keywords count in any case. A line that is no ehlo-line offers nothing. */
export function parseExtensions(reply: Reply): Extensions {
  // A Map, for `__proto__` and `constructor` are keywords like others.
  const offered = new Map<string, string[]>();
  // The first line greets.
  for (const line of reply.lines.slice(1)) {
    const [, keyword, rest] = EHLO_LINE.exec(line) ?? [];
    if (keyword === undefined) continue;
    const parameters = (rest ?? '').split(' ').filter((parameter) => parameter !== '');
    // Both forms of AUTH may be there; together they say what is offered.
    offered.set(keyword.toUpperCase(), [...(offered.get(keyword.toUpperCase()) ?? []), ...parameters]);
  }
  return new Offered(offered);
}

/** What a server offers that knows no EHLO. */
export function noExtensions(): Extensions {
  return new Offered(new Map());
}

class Offered implements Extensions {
  readonly mechanisms: readonly string[];
  readonly sizeLimit: number | null;
  readonly limits: Limits;
  readonly minDeliverBySeconds: number | null;
  readonly #offered: ReadonlyMap<string, readonly string[]>;

  constructor(offered: ReadonlyMap<string, readonly string[]>) {
    this.#offered = offered;
    this.mechanisms = [...new Set(this.parameters('AUTH').map((name) => name.toUpperCase()))];
    const size = this.parameters('SIZE')[0] ?? '0';
    // RFC 1870 §3: 0 says that there is no fixed limit.
    this.sizeLimit = SIZE.test(size) && Number(size) > 0 ? Number(size) : null;
    this.limits = {
      mailMax: this.#limit('MAILMAX'),
      rcptMax: this.#limit('RCPTMAX'),
      rcptDomainMax: this.#limit('RCPTDOMAINMAX'),
    };
    // Extensions of the extension may follow, behind a comma.
    const seconds = this.parameters('DELIVERBY')[0]?.split(',', 1)[0] ?? '';
    this.minDeliverBySeconds = SECONDS.test(seconds) ? Number(seconds) : null;
  }

  /** RFC 9422 §4: `NAME=n`, n from 1 on. */
  #limit(name: string): number | null {
    const found = this.parameters('LIMITS').find((parameter) => parameter.toUpperCase().startsWith(`${name}=`));
    const value = found?.slice(name.length + 1) ?? '';
    return /^[1-9]\d{0,5}$/.test(value) ? Number(value) : null;
  }

  has(keyword: string): boolean {
    return this.#offered.has(keyword.toUpperCase());
  }

  parameters(keyword: string): readonly string[] {
    return this.#offered.get(keyword.toUpperCase()) ?? [];
  }
}
