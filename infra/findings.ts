/**
 * What cdk-nag has against the stacks: its packs AwsSolutions and Serverless look at every resource, and whatever they find
 * ends the synthesis, unless the construct that it is about says why it is so.
 */
import { type Stage, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

export function checkWithPacks(stage: Stage): void {
  Validations.of(stage).addPlugins(new AwsSolutionsChecks(stage), new ServerlessChecks(stage));
}

/** @param reasons a finding's name, `AwsSolutions-S1`, to why it is meant to be so */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(reasons)) Validations.of(construct).acknowledge({ id, reason });
}
