/**
 * What cdk-nag has against the stacks: its packs AwsSolutions and Serverless look at every resource, and whatever they find
 * ends the synthesis, unless the construct that it is about says why it is so.
 */
import { Stack, type Stage, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

export function checkWithPacks(stage: Stage): void {
  Validations.of(stage).addPlugins(new AwsSolutionsChecks(stage), new ServerlessChecks(stage));
}

/** @param reasons a finding's name, `AwsSolutions-S1`, to why it is meant to be so */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
}

/** The name of the finding that a right is on more than one resource. @param resource an ARN with a `*` */
export function wildcardFinding(scope: IConstruct, resource: string): string {
  return `AwsSolutions-IAM5[Resource::${written(Stack.of(scope).resolve(resource))}]`;
}

/** As cdk-nag writes what is known only when it is deployed. */
function written(resolved: unknown): string {
  if (typeof resolved === 'string') return resolved;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = Object(resolved) as Intrinsic;
  if (Ref !== undefined) return `<${Ref}>`;
  if (attribute !== undefined) return `<${attribute.join('.')}>`;
  return join === undefined ? JSON.stringify(resolved) : join[1].map(written).join(join[0]);
}

interface Intrinsic {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly string[];
  readonly 'Fn::Join'?: readonly [delimiter: string, parts: readonly unknown[]];
}
