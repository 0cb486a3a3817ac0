/**
 * What is wrong with a mail before anybody gets it.
 *
 * problem: the rules, and what a problem says. html ► images, links: the tags of a mail. texts, list, sender-domain, size,
 * recipient: the rest of it, a family of rules each. written: where in the templates it stands. check-mail: all of it.
 */
export {
  type CheckContext,
  type CheckOptions,
  openCheck,
  problemsOf,
  problemsOfCampaign,
  type RenderedMail,
} from './check-mail.ts';
export { BULK_RECIPIENTS, isBulk } from './list.ts';
export { type MailProblem, mailProblem, RULES, type Rule } from './problem.ts';
export { mayBeTooLarge } from './size.ts';
