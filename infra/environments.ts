/**
 * The environments that Cartero is deployed to: the one file that an ops team edits.
 *
 *     production: { account: '123456789012', region: 'eu-south-2', tags: { owner: 'comms' } },
 *
 * Each becomes a stage of the app: `npx cdk deploy 'production/*'`.
 */
import { checkEnvironments } from './environment.ts';

export const environments = checkEnvironments({
  production: { account: null, region: 'eu-south-2' },
});
