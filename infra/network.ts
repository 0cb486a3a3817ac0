/**
 * A network from which mail leaves by one address that stays the same: private subnets in two zones, one NAT gateway with the
 * state stack's address. The bucket and the ledger are reached without it. Who sends may speak to its relay, and by HTTPS to
 * AWS; nothing may speak to it.
 */
import { Aws, Fn } from 'aws-cdk-lib';
import {
  type CfnEIP,
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  NatProvider,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { WrittenRelay } from '#mailing';

export interface MailNetworkProps {
  readonly cidr: string;
  readonly address: CfnEIP;
  readonly retention: RetentionDays;
}

const HTTPS = 443;

export class MailNetwork extends Construct {
  readonly vpc: IVpc;

  constructor(scope: Construct, id: string, { cidr, address, retention }: MailNetworkProps) {
    super(scope, id);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      // Named so, the zones need not be asked for while the templates are made.
      availabilityZones: [0, 1].map((index) => Fn.select(index, Fn.getAzs(Aws.REGION))),
      natGateways: 1,
      natGatewayProvider: NatProvider.gateway({ eipAllocationIds: [address.attrAllocationId] }),
      subnetConfiguration: [
        { name: 'Out', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'Senders', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
      ],
      gatewayEndpoints: {
        Objects: { service: GatewayVpcEndpointAwsService.S3 },
        Ledger: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
      // To empty the default group takes a function with rights on every group; nothing is ever put into it.
      restrictDefaultSecurityGroup: false,
    });
    const logs = new LogGroup(this, 'Flows', { retention });
    vpc.addFlowLog('Refused', {
      destination: FlowLogDestination.toCloudWatchLogs(logs),
      trafficType: FlowLogTrafficType.REJECT,
    });
    this.vpc = vpc as IVpc;
  }

  /** @param relay what the senders of the group speak to beside AWS; `name` is its own */
  groupFor(name: string, relay: WrittenRelay): SecurityGroup {
    const group = new SecurityGroup(this, `Senders-${name}`, {
      vpc: this.vpc,
      description: 'Cartero: to the relay and to AWS, from nowhere',
      allowAllOutbound: false,
    });
    const ways = new Map([
      [HTTPS, 'AWS'],
      [portOf(relay), relay.proxy === undefined ? 'the relay' : 'the way to the relay'],
    ]);
    for (const [port, what] of ways) group.addEgressRule(Peer.anyIpv4(), Port.tcp(port), what);
    return group;
  }
}

const DEFAULT_PORTS = { 'implicit-tls': 465, starttls: 587, none: 25 } as const;
const DEFAULT_PROXY_PORTS: Readonly<Record<string, number>> = { 'socks5:': 1080, 'http:': 80 };

function portOf({ port, security, proxy }: WrittenRelay): number {
  if (proxy === undefined) return port ?? DEFAULT_PORTS[security];
  const { port: written, protocol } = new URL(proxy);
  return written === '' ? (DEFAULT_PROXY_PORTS[protocol] ?? HTTPS) : Number(written);
}
