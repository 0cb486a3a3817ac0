/**
 * Whether somebody signs for the domain that readers see. A signature counts for From where both domains belong together
 * (RFC 7489 §3.1.1, relaxed), and big receivers want one that does.
 */
import type { Complaint } from './problem.ts';

/** @param signing the domains of the relay's keys; `null` where nobody knows who signs */
export function signingComplaints(fromDomain: string, signing: readonly string[] | null): Complaint[] {
  if (signing === null || signing.some((domain) => isAligned(fromDomain, domain))) return [];
  const found = signing.length === 0 ? 'no DKIM key' : `DKIM keys for ${signing.join(', ')} only`;
  return [
    {
      rule: 'dkim-domain',
      field: 'from',
      problem: `its domain is ${fromDomain}, and the relay has ${found}: receivers cannot tell that the mail is yours`,
      change: `add a key of ${fromDomain} to the relay (\`cartero dkim new\`), or see that the relay signs for it by itself`,
    },
  ];
}

/** Its own domain, or a parent of it. */
function isAligned(from: string, signing: string): boolean {
  const a = from.toLowerCase();
  const b = signing.toLowerCase();
  return a === b || (b.includes('.') && a.endsWith(`.${b}`));
}
