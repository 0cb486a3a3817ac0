/** The CDK app: stacks for each environment. `npx cdk synth`, `npx cdk deploy 'cartero-production-*'`. */
import { App, Tags } from 'aws-cdk-lib';
import { environments } from './environments.ts';
import { StateStack } from './state-stack.ts';

const app = new App();

for (const [name, { account, region, tags = {} }] of Object.entries(environments)) {
  // At the top of the app: in a stage, `cdk synth` would not show a template, nor name one that it can show.
  const env = { ...(account === null ? {} : { account }), region };
  const state = new StateStack(app, `cartero-${name}-state`, { env });
  Tags.of(state).add('cartero:environment', name);
  for (const [key, value] of Object.entries(tags)) Tags.of(state).add(key, value);
}
