/** Mail to many: whoever does not want it leaves by a link, or calls it spam. */
import type { Campaign } from '../campaign.ts';
import { isTemplate } from '../campaign-source.ts';
import type { Complaint } from './problem.ts';

/** More recipients than a person writes to by hand. */
export const BULK_RECIPIENTS = 100;

/** Bulk is what goes to many and is the same for all of them: who gets a file of their own has asked for it. */
export function isBulk({ attachments }: Campaign, recipients: number): boolean {
  return recipients > BULK_RECIPIENTS && !attachments.some(({ object }) => isTemplate(object));
}

/** The header tells where a reader leaves (RFC 2369 §3.2), so that mail programs show a button. */
export function tellsHowToLeave({ list, oneClick, headers }: Campaign): boolean {
  return (
    oneClick !== null ||
    list?.unsubscribe !== undefined ||
    headers.some(([name]) => name.toLowerCase() === 'list-unsubscribe')
  );
}

export function listComplaints(campaign: Campaign, hasLink: boolean): Complaint[] {
  if (hasLink || tellsHowToLeave(campaign)) return [];
  return [
    {
      rule: 'unsubscribe',
      field: 'list',
      problem: `more than ${BULK_RECIPIENTS} people get the same mail, and neither its header nor a link in it tells how to leave: Gmail and Yahoo refuse such mail`,
      change: 'add "list" with "id" and "unsubscribe" to campaign.json',
    },
  ];
}
