/** The CDK app: a stage for each environment. `npx cdk synth`, `npx cdk diff 'production/*'`, `npx cdk deploy 'production/*'`. */
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { bundlerOf } from './bundle.ts';
import { doorsThere } from './doors.ts';
import { MailerStage } from './mailer-stage.ts';
import { isOfWriter, readSettings } from './settings.ts';

const project = join(import.meta.dirname, '..');

try {
  const { environments, campaigns } = readSettings(project);
  const app = new App();
  const shared = { campaigns, doors: doorsThere(project), project, bundle: bundlerOf(project), now: Date.now() };
  for (const environment of environments) new MailerStage(app, { environment, ...shared });
} catch (error) {
  if (!isOfWriter(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
