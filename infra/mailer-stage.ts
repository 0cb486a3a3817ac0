/** One environment: the stack that stays, and the stack that is made from the code. `cdk deploy 'production/*'` */
import { Annotations, PermissionsBoundary, Stage, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AppStack, type AppStackProps } from './app-stack.ts';
import { DOOR_NAMES, doors as known } from './doors.ts';
import type { DeployedRelay } from './environment.ts';
import { checkWithPacks } from './findings.ts';
import { StateStack } from './state-stack.ts';

export type MailerStageProps = Pick<
  AppStackProps,
  'environment' | 'campaigns' | 'doors' | 'project' | 'bundle' | 'now'
>;

export class MailerStage extends Stage {
  readonly state: StateStack;
  readonly app: AppStack;

  constructor(scope: Construct, props: MailerStageProps) {
    const { name, account, region, tags, permissionsBoundary, relays } = props.environment;
    super(scope, name, {
      env: { ...(account === null ? {} : { account }), region },
      ...(permissionsBoundary === null
        ? {}
        : { permissionsBoundary: PermissionsBoundary.fromName(permissionsBoundary) }),
    });
    this.state = new StateStack(this, 'state', { stackName: `cartero-${name}-state`, environment: props.environment });
    this.app = new AppStack(this, 'app', { stackName: `cartero-${name}-app`, state: this.state, ...props });
    checkWithPacks(this);
    for (const [key, value] of Object.entries({ 'cartero:environment': name, ...tags })) Tags.of(this).add(key, value);
    const missing = DOOR_NAMES.filter((door) => props.doors[door] === undefined);
    for (const door of missing)
      this.#warn('door', `${door}: there is no ${known[door].entry} yet, and nothing that needs it is deployed`);
    for (const relay of relays) this.#warnOf(relay);
  }

  #warnOf({ name, settings }: DeployedRelay): void {
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-resource-limits.html
    if (settings.port === 25)
      this.#warn('port-25', `${name}: AWS shuts port 25 until it is asked to open it; 587 is open`);
    const files = (['ca', 'cert', 'key', 'dkim'] as const).filter((key) => settings[key] !== undefined);
    if (files.length > 0)
      this.#warn(
        'files',
        `${name}: what relays.json names in ${files.join(', ')} are files of this machine, and no function has them`,
      );
  }

  #warn(id: string, message: string): void {
    Annotations.of(this.app).addWarningV2(`cartero:${id}`, message);
  }
}
