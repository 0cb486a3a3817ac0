/**
 * What nobody may read but the functions that need it. Each secret begins with a value that nobody knows and no relay takes;
 * the operator writes the true one over it, and no deployment touches it again.
 */
import { RemovalPolicy } from 'aws-cdk-lib';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Environment } from './environment.ts';
import { acknowledge } from './findings.ts';

export interface MailerSecrets {
  /** Credentials by the relay's name; a relay without a secret in relays.json has none. */
  readonly relays: ReadonlyMap<string, Secret>;
  /** By which people are named in logs. */
  readonly logKeys: Secret;
  /** By which links in mails are signed. */
  readonly linkKeys: Secret;
}

/** 48 octets in base64url, of which letters and digits are enough; 32 are needed. */
const KEY_SIGNS = 64;
/** Nothing was made with it before it was there. */
const SINCE = '2026-01-01T00:00:00.000Z';

/** Secrets are called `<environment>/<name>`: two environments of one account have their own. */
export function mailerSecrets(scope: Construct, { name, relays }: Environment): MailerSecrets {
  const named = new Map<string, Secret>();
  const ofRelays = new Map<string, Secret>();
  for (const { name: relay, settings } of relays) {
    if (settings.secret === undefined) continue;
    // Relays may share one.
    const secret = named.get(settings.secret) ?? relaySecret(scope, `${name}/${settings.secret}`, settings.secret);
    named.set(settings.secret, secret);
    ofRelays.set(relay, secret);
  }
  return {
    relays: ofRelays,
    logKeys: keySecret(scope, 'LogKeys', `${name}/cartero/log-keys`, 'names people in logs'),
    linkKeys: keySecret(scope, 'LinkKeys', `${name}/cartero/link-keys`, 'signs the links by which subscribers leave'),
  };
}

function relaySecret(scope: Construct, secretName: string, written: string): Secret {
  const secret = new Secret(scope, `Relay-${written.replaceAll(/[^A-Za-z0-9]+/g, '-')}`, {
    secretName,
    description: `Cartero: the login of relays that name ${written} in relays.json, as {"user","password"}`,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ user: 'not-set' }),
      generateStringKey: 'password',
      excludePunctuation: true,
    },
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledge(secret, {
    'AwsSolutions-SMG4':
      "The relay's owner makes this login, and only there can it be changed: a rotation of ours would lock us out. The operator's page says how to change it.",
  });
  return secret;
}

function keySecret(scope: Construct, id: string, secretName: string, does: string): Secret {
  const secret = new Secret(scope, id, {
    secretName,
    description: `Cartero: the key that ${does}. A newer one is added, none is taken away.`,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ id: 'first', since: SINCE }),
      generateStringKey: 'secret',
      passwordLength: KEY_SIGNS,
      excludePunctuation: true,
    },
    removalPolicy: RemovalPolicy.RETAIN,
  });
  acknowledge(secret, {
    'AwsSolutions-SMG4':
      'What was made with this key must be told by it for years: links in mails that have been sent, names in logs. A key is added by hand, never exchanged by a clock.',
  });
  return secret;
}
