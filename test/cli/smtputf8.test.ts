/** A recipient whose address goes beyond ASCII, from the audience to the relay's octets; and where the relay has no SMTPUTF8. */
import { describe, expect, test } from 'vitest';
import { type Moment, startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

const ADDRESS = 'zoë@example.com';
const LIST = `email,name\n${ADDRESS},Zoë\nana@example.com,Ana\n`;
/** As a scripted relay sees UTF-8: each octet a character. */
const OCTETS = Buffer.from(ADDRESS).toString('latin1');

const withUtf8 = ({ at }: Moment) => (at === 'EHLO' ? '250-scripted.test\r\n250-8BITMIME\r\n250 SMTPUTF8' : null);

async function letters(): Promise<string> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': LIST });
  return folder;
}

describe('an address beyond ASCII', () => {
  test('is sent where the relay offers SMTPUTF8, in UTF-8 in envelope and header; its neighbour is not touched', async () => {
    const relay = await startRelay(withUtf8);
    const ended = await cartero(['run', 'letters', '--relay', relay.url, '--json'], await letters());
    expect(ended.code, ended.stderr).toBe(0);
    expect(lastJson(ended)).toMatchObject({ recipients: 2, invalid: 0, accepted: 2 });
    expect(relay.accepted.toSorted()).toEqual(['ana@example.com', OCTETS]);
    const heard = relay.received.join('');
    expect(heard).toContain(`MAIL FROM:<news@example.com> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<${OCTETS}>\r\nDATA\r\n`);
    expect(heard).toContain(`\r\nTo: =?utf-8?Q?Zo=C3=AB?= <${OCTETS}>\r\n`);
    expect(heard).toContain('MAIL FROM:<news@example.com>\r\nRCPT TO:<ana@example.com>\r\nDATA\r\n');
    const ana = relay.ended.find(({ recipient }) => recipient === 'ana@example.com');
    expect(ana?.content).toMatch(/^[\r\n\t -~]*$/);
  });

  test('is invalid where the relay does not, which is named; not one octet of its mail is sent', async () => {
    const relay = await startRelay();
    const folder = await letters();
    const ended = await cartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
    expect(ended.code, ended.stderr).toBe(2);
    expect(lastJson(ended)).toMatchObject({ recipients: 2, invalid: 1, accepted: 1 });
    expect(relay.received.join('')).not.toMatch(/[\x80-\xff]|zo/);
    const [zoe] = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    expect(zoe).toMatchObject({ recipient: ADDRESS, outcome: 'invalid', attempts: 0 });
    expect(zoe?.problem).toContain('needs SMTPUTF8, which 127.0.0.1 does not offer');
  });

  test('is in order for check and plan, and composed with UTF-8 in its To field alone', async () => {
    const folder = await letters();
    const checked = await cartero(['check', 'letters'], folder);
    expect(checked.stdout).toBe('letters: 2 rows in order\n');
    expect(checked.code).toBe(0);
    const planned = await cartero(['plan', 'letters', '--json'], folder);
    expect(lastJson(planned)).toMatchObject({ recipients: 2, invalid: 0, toSend: 2, problems: [] });
    const composed = await cartero(['compose', 'letters', '--row', '1', '--date', '2026-12-01T09:00:00Z'], folder);
    expect(composed.octets.toString('utf8')).toContain(`\r\nTo: =?utf-8?Q?Zo=C3=AB?= <${ADDRESS}>\r\n`);
    expect(composed.octets.toString('utf8').replace(ADDRESS, '')).toMatch(/^[\r\n\t -~]*$/);
  });

  test.each([
    ['to', ['--from', 'ana@example.com', '--to', ADDRESS], 'forward-path'],
    ['from', ['--from', ADDRESS, '--to', 'ana@example.com'], 'reverse-path'],
  ])('typed as %s is sent where the relay takes it, and refused where not', async (_option, addresses, field) => {
    const folder = temporaryFolder();
    const args = ['send', ...addresses, '--subject', 'x', '--text', 'y', '--relay'];
    const [with8, without] = [await startRelay(withUtf8), await startRelay()];
    const sent = await cartero([...args, with8.url], folder);
    expect(sent.code, sent.stderr).toBe(0);
    expect(with8.received.join('')).toContain(`<${OCTETS}>`);
    const refused = await cartero([...args, without.url], folder);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${field} needs SMTPUTF8, which 127.0.0.1 does not offer`);
    expect(refused.stderr).not.toContain('    at ');
    expect(without.received.join('')).not.toContain('MAIL');
  });
});
