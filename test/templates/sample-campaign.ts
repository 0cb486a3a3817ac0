/** A campaign of `templates/`, read without the code that sends it: what a test compares a mail with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { compileTemplates, type LanguageSource, type Source, type TemplateSet } from '#render';

export const root = join(import.meta.dirname, '../../templates');

interface CampaignFile {
  readonly audience: string;
  readonly attachments?: readonly { readonly object: string; readonly name?: string }[];
  readonly inline: readonly { readonly object: string; readonly cid: string }[];
}

const source = (name: string): Source => ({ name, text: readFileSync(join(root, name), 'utf8') });
/** With what stands beside it in other languages: `body.es.html.hbs` of `body.html.hbs`. */
const inLanguages = (name: string, before: string, after: string): LanguageSource => {
  const beside = readdirSync(join(root, name)).flatMap((file): [string, Source][] => {
    const isMarked = file.startsWith(`${before}.`) && file.endsWith(`.${after}`);
    const tag = file.slice(before.length + 1, -after.length - 1);
    return isMarked && tag !== '' ? [[tag, source(`${name}/${file}`)]] : [];
  });
  return { ...source(`${name}/${before}.${after}`), languages: new Map(beside) };
};
const shared = (folder: string): Map<string, Source> =>
  new Map(readdirSync(join(root, folder)).map((file) => [file.replace(/\.hbs$/, ''), source(`${folder}/${file}`)]));

export interface SampleCampaign {
  readonly campaign: CampaignFile;
  readonly rows: readonly Record<string, string>[];
  readonly sample: Readonly<Record<string, string>>;
  /** Its names are the attachments' objects. */
  readonly templates: TemplateSet;
}

/** @param inlineCss whether style sheets are put on the elements, as they are in mails */
export function openSample(name: string, inlineCss = true): SampleCampaign {
  const campaign: CampaignFile = JSON.parse(source(`${name}/campaign.json`).text);
  const rows: Record<string, string>[] = parse(source(`${name}/${campaign.audience}`).text, { columns: true });
  const sample: Record<string, string> = JSON.parse(source(`${name}/sample.json`).text);
  const named = (campaign.attachments ?? []).map(({ object }): [string, Source] => [
    object,
    { name: object, text: object },
  ]);
  const templates = compileTemplates({
    subject: inLanguages(name, 'subject', 'hbs'),
    html: inLanguages(name, 'body', 'html.hbs'),
    text: inLanguages(name, 'body', 'txt.hbs'),
    named: new Map(named),
    partials: shared('_partials'),
    layouts: shared('_layouts'),
    inlineCss,
  });
  return { campaign, rows, sample, templates };
}
