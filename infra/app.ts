/** The CDK app: a stage for each environment. `npx cdk synth`, `npx cdk deploy 'production/*'`. */
import { App, Stage, Tags } from 'aws-cdk-lib';
import { environments } from './environments.ts';
import { StateStack } from './state-stack.ts';

const app = new App();

for (const [name, { account, region, tags = {} }] of Object.entries(environments)) {
  const stage = new Stage(app, name, { env: { ...(account === null ? {} : { account }), region } });
  new StateStack(stage, 'state', { stackName: `cartero-${name}-state` });
  Tags.of(stage).add('cartero:environment', name);
  for (const [key, value] of Object.entries(tags)) Tags.of(stage).add(key, value);
}
