/**
 * The environments that Cartero is deployed to: the one file that an ops team edits.
 *
 *     production: { account: '123456789012', region: 'eu-south-2', tags: { owner: 'comms' } },
 *
 * Each has stacks of its own: `npx cdk deploy 'cartero-production-*'`.
 */
import { checkEnvironments } from './environment.ts';

export const environments = checkEnvironments({
  production: { account: null, region: 'eu-south-2' },
});
