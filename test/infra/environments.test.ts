import { describe, expect, it } from 'vitest';
import { checkEnvironments, type Environment, EnvironmentError } from '../../infra/environment.ts';
import { environments } from '../../infra/environments.ts';

const good: Environment = { account: '123456789012', region: 'eu-south-2', tags: { owner: 'Comms + Ops' } };

describe('environments', () => {
  it('has at least one', () => {
    expect(Object.keys(environments)).not.toEqual([]);
  });
});

describe('checkEnvironments', () => {
  it.each<[string, Environment]>([
    ['an account, a region and tags', good],
    ['the account of the credentials at hand', { account: null, region: 'us-gov-west-1' }],
  ])('accepts %s', (_what, environment) => {
    expect(checkEnvironments({ staging: environment })).toEqual({ staging: environment });
  });

  it.each<[setting: string, name: string, environment: Environment]>([
    ['"Production"', 'Production', good],
    ['"a name that is far too long"', 'a name that is far too long', good],
    ['"4th"', '4th', good],
    ['staging.account', 'staging', { ...good, account: '1234' }],
    ['staging.account', 'staging', { ...good, account: '' }],
    ['staging.region', 'staging', { ...good, region: 'Madrid' }],
    ['staging.region', 'staging', { ...good, region: 'eu-south' }],
    ['staging.tags', 'staging', { ...good, tags: { 'aws:owner': 'comms' } }],
    ['staging.tags.owner', 'staging', { ...good, tags: { owner: 'comms\n' } }],
  ])('refuses %s', (setting, name, environment) => {
    const check = () => checkEnvironments({ [name]: environment });
    expect(check).toThrow(EnvironmentError);
    expect(check).toThrow(`Cannot read infra/environments.ts: ${setting} is `);
  });
});
