/** The lab's own campaigns, in several sizes: folders as a user has them. One row in thirty is not in order. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

export interface Campaign {
  /** As it is named on the command line. */
  readonly path: string;
  readonly audience: string | null;
}

interface Size {
  readonly recipients: number;
  /** Octets of a file that each mail carries. */
  readonly attachment: number;
}

/** The last has mail data that waits for the relay's word on its envelope. */
const SIZES: readonly Size[] = [
  { recipients: 60, attachment: 0 },
  { recipients: 110, attachment: 600 },
  { recipients: 160, attachment: 0 },
  { recipients: 25, attachment: 140_000 },
];

/** @param folder is made */
export function writeCampaigns(folder: string): Campaign[] {
  return SIZES.map((size) => {
    const path = join(folder, `letters-${size.recipients}`);
    writeCampaign(path, size);
    return { path, audience: null };
  });
}

function writeCampaign(path: string, { recipients, attachment }: Size): void {
  const rows = Array.from(
    { length: recipients },
    (_, index) =>
      // Without a name the subject cannot be written.
      `person${index}@example.com,${index % 30 === 7 ? '' : `Zoë ${index}`},${index}\n`,
  );
  const settings = {
    from: 'Letters <letters@example.com>',
    audience: 'list.csv',
    ...(attachment === 0 ? {} : { attachments: [{ object: 'enclosed.bin' }] }),
  };
  const files: Record<string, string | Uint8Array> = {
    'campaign.json': JSON.stringify(settings),
    'subject.hbs': 'Hello {{name}}',
    'body.txt.hbs': 'Hello {{name}},\n\nthis is letter {{letter}}.\n. A line that begins with a dot.\n',
    'body.html.hbs': '<p>Hello <b>{{name}}</b>, this is letter {{letter}}.</p>\n',
    // Each third again: duplicates are left out.
    'list.csv': `email,name,letter\n${rows.join('')}${rows.filter((_, index) => index % 3 === 0).join('')}`,
  };
  if (attachment > 0) files['enclosed.bin'] = Buffer.alloc(attachment, 'lab');
  mkdirSync(path, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
}

/** A user's own. */
export function ownCampaign(path: string, audience: string | undefined): Campaign {
  return { path: resolve(path), audience: audience === undefined ? null : resolve(audience) };
}

export function nameOf({ path }: Campaign): string {
  return basename(path);
}
