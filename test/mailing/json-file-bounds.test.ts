/** JSON files that are no person's: each is a problem of that file, told at once. */
import { describe, expect, it } from 'vitest';
import { CampaignError, findRelay, parseCampaign, RelayError } from '#mailing';

const HUGE: readonly (readonly [what: string, text: string, problem: string])[] = [
  ['lists in lists', '['.repeat(100_000), 'more than 64 levels within each other'],
  ['objects in objects', '{"a":'.repeat(100_000), 'more than 64 levels within each other'],
  ['as many levels closed again', `${'['.repeat(65)}${']'.repeat(65)}`, 'more than 64 levels within each other'],
  ['one text', `"${'x'.repeat(2 << 20)}"`, 'characters, at most 1048576 are wanted'],
  ['signs that are no JSON', '?,'.repeat(100_000), 'this is not JSON'],
];

describe('a file of', () => {
  it.each(HUGE)('%s is refused as such', (_what, text, problem) => {
    const campaign = () => parseCampaign('news', 'news/campaign.json', text);
    expect(campaign).toThrow(CampaignError);
    expect(campaign).toThrow(problem);
    const relay = () => findRelay('default', 'infra/relays.json', text, 'client.example.com');
    expect(relay).toThrow(RelayError);
    expect(relay).toThrow(problem);
  });

  it('64 levels, brackets in texts not counted, is looked at', () => {
    const text = `{"from":"a@b.test","headers":{"X-A":"${'[{'.repeat(200)}"},"x":${'['.repeat(63)}${']'.repeat(63)}}`;
    expect(() => parseCampaign('news', 'news/campaign.json', text)).toThrow(/"x"/);
    expect(() => parseCampaign('news', 'news/campaign.json', text)).not.toThrow(/levels/);
  });
});
