/**
 * A schedule for each campaign that has starts, called as its folder and described in plain words. It puts a message into the
 * plan queue: what is asked for twice is one run, and what nobody takes is put aside and rings an alarm.
 */
import { Duration, TimeZone } from 'aws-cdk-lib';
import {
  ContextAttribute,
  Schedule,
  ScheduleExpression,
  type ScheduleGroup,
  ScheduleTargetInput,
} from 'aws-cdk-lib/aws-scheduler';
import { SqsSendMessage } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { ScheduledStart } from '../functions/aws/deployment.ts';
import type { DeployedCampaign } from './campaign.ts';
import type { DoorbellQueue } from './doorbell-queue.ts';

export interface CampaignSchedulesProps {
  readonly group: ScheduleGroup;
  readonly campaigns: readonly DeployedCampaign[];
  readonly plans: DoorbellQueue;
  /** Whether they start anything. */
  readonly enabled: boolean;
  /** Epoch ms: a single start before it has had its time. */
  readonly now: number;
}

/** As long as Scheduler tries at all. What is too late is for the campaign's `missed` to say. */
const MAX_AGE = Duration.hours(24);

export class CampaignSchedules extends Construct {
  constructor(scope: Construct, id: string, { group, campaigns, plans, enabled, now }: CampaignSchedulesProps) {
    super(scope, id);
    for (const { name, start, words } of campaigns) {
      if (start === null || (start.once !== null && start.once < now)) continue;
      const message: ScheduledStart = { campaign: name, due: ContextAttribute.scheduledTime, means: start.means };
      new Schedule(this, name, {
        scheduleName: name,
        description: words,
        schedule: ScheduleExpression.expression(start.expression, TimeZone.of(start.timezone)),
        scheduleGroup: group,
        enabled,
        target: new SqsSendMessage(plans.queue, {
          input: ScheduleTargetInput.fromObject(message),
          deadLetterQueue: plans.deadLetters,
          maxEventAge: MAX_AGE,
        }),
      });
    }
  }
}
