/**
 * Cartero on AWS: the outside that the mailing room asks for, made of the team's own account.
 *
 * Each file is one port and one service, and takes its client from whoever wires things up, so that a door loads no
 * other. `s3-store.ts`: objects in a bucket. `deployment.ts`: the names on which doors and stacks agree.
 */
export * from './deployment.ts';
export { openS3Store, type S3StoreOptions } from './s3-store.ts';
