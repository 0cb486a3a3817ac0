/** Points of the sockets: before and after octets are handed to the operating system, and in the middle of them. */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { PointName } from '../points.ts';
import { die, isDue, pass } from './death.ts';
import { kindsOf } from './written-kinds.ts';

export function setSocketPoints(): void {
  const socket = Socket.prototype;
  const write = socket._write;
  const writeAll = socket._writev;
  socket._write = function (chunk, encoding, callback) {
    const kinds = leaving(this, Buffer.from(chunk));
    write.call(this, chunk, encoding, callback);
    for (const kind of kinds) pass(`write.${kind}:after`);
  };
  socket._writev = function (chunks, callback) {
    const kinds = leaving(this, Buffer.concat(chunks.map(({ chunk }) => Buffer.from(chunk))));
    writeAll?.call(this, chunks, callback);
    for (const kind of kinds) pass(`write.${kind}:after`);
  };
}

function leaving(socket: Socket, octets: Buffer): ReturnType<typeof kindsOf> {
  const kinds = kindsOf(octets.toString('latin1'));
  for (const kind of kinds) pass(`write.${kind}:before`);
  if (kinds.has('content')) tear(socket, octets.subarray(0, octets.length / 2), 'write.content:torn');
  // A `.` without its CRLF, or mail data that lacks its last octet.
  if (kinds.has('indicator')) tear(socket, octets.subarray(0, octets.length - 1), 'write.indicator:torn');
  return kinds;
}

/** Hands a part to the operating system, past Node's own queue, and dies. */
function tear(socket: Socket, part: Buffer, point: PointName): void {
  if (!isDue(point)) return;
  const handle: unknown = Reflect.get(socket, '_handle');
  const descriptor: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof descriptor === 'number' && descriptor >= 0) writeSync(descriptor, part);
  die(point);
}
