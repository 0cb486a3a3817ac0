/** How the connections and the pace of a relay are dealt out. */
import { describe, expect, test } from 'vitest';
import type { LaneHolder, LaneLimits } from '#mailing';
import { shareOf, stepTo } from '../../functions/mailing/lane-shares.ts';

function holder(name: string, more: Partial<LaneHolder> & { limits?: LaneLimits } = {}): LaneHolder {
  const [run = ''] = name.split('/');
  return { owner: name, run, limits: { connections: 8 }, lanes: 0, wanted: 8, pace: 0, ...more };
}

const relay = (connections: number, relayMessagesPerSecond?: number): LaneLimits => ({
  connections: 8,
  relayConnections: connections,
  ...(relayMessagesPerSecond === undefined ? {} : { relayMessagesPerSecond }),
});

describe('shareOf', () => {
  const lanes: readonly [string, LaneHolder[], number[]][] = [
    ['all of it to one who is alone', [holder('a')], [8]],
    ['no more than is wanted', [holder('a', { wanted: 3 })], [3]],
    ['halves to two runs', [holder('a'), holder('b')], [4, 4]],
    ['what does not divide to the first', [holder('a', { limits: relay(3) }), holder('b')], [2, 1]],
    ['what one does not want to the others', [holder('a', { wanted: 1 }), holder('b'), holder('c')], [1, 4, 3]],
    [
      'as much to a run of three processes as to a run of one',
      [holder('a/1'), holder('b'), holder('a/2'), holder('a/3')],
      [2, 4, 1, 1],
    ],
    [
      'to a run of two processes no more than to one',
      [holder('a/1', { limits: { connections: 3 } }), holder('a/2', { limits: { connections: 3 } }), holder('b')],
      [2, 1, 5],
    ],
    [
      'no more than the least that anybody was told of the relay',
      [holder('a', { limits: relay(4) }), holder('b', { limits: relay(2) })],
      [1, 1],
    ],
    [
      'more than one run may have, where another may have more',
      [holder('a', { limits: { connections: 2 } }), holder('b')],
      [2, 6],
    ],
    ['nothing to whoever comes too late', [holder('a', { limits: relay(1) }), holder('b')], [1, 0]],
    ['nothing to whoever wants nothing', [holder('a', { wanted: 0 }), holder('b', { limits: relay(1) })], [0, 1]],
  ];
  test.each(lanes)('deals %s', (_, holders, expected) => {
    expect(holders.map(({ owner }) => shareOf(owner, holders).lanes)).toEqual(expected);
  });

  const paced = (messagesPerSecond: number, more: LaneLimits = { connections: 8 }): LaneLimits => ({
    ...more,
    messagesPerSecond,
  });
  const paces: readonly [string, LaneHolder[], (number | null)[]][] = [
    ['without limit where nobody has set one', [holder('a'), holder('b')], [null, null]],
    ['by connections', [holder('a', { limits: relay(4, 100), wanted: 1 }), holder('b', { wanted: 3 })], [25, 75]],
    [
      'all of it to one who is alone, with however few connections',
      [holder('a', { limits: relay(4, 100), wanted: 1 })],
      [100],
    ],
    [
      "no more than a run's own, the rest to the others",
      [holder('a', { limits: paced(10, relay(8, 100)) }), holder('b')],
      [10, 90],
    ],
    [
      "a run's own among its processes alone",
      [holder('a/1', { limits: paced(10) }), holder('a/2', { limits: paced(10) }), holder('b')],
      [5, 5, null],
    ],
    ['nothing without a connection', [holder('a', { limits: relay(1, 100) }), holder('b')], [100, 0]],
  ];
  test.each(paces)('gives pace %s', (_, holders, expected) => {
    expect(holders.map(({ owner }) => shareOf(owner, holders).pace)).toEqual(expected);
  });
});

describe('stepTo', () => {
  const step = (own: LaneHolder, others: LaneHolder[], open: number) => {
    const holders = [...others, own];
    return stepTo(shareOf(own.owner, holders), own, holders, open);
  };

  test('takes only what is free, and the rest when the others have given it back', () => {
    const own = holder('b', { limits: relay(8) });
    expect(step(own, [holder('a', { lanes: 8 })], 0).lanes).toBe(0);
    expect(step(own, [holder('a', { lanes: 6 })], 0).lanes).toBe(2);
    expect(step(own, [holder('a', { lanes: 4 })], 0).lanes).toBe(4);
    expect(step(own, [holder('a', { lanes: 0, wanted: 0 })], 0).lanes).toBe(8);
  });

  test('counts what is still open as held', () => {
    const own = holder('a', { limits: relay(8), lanes: 8 });
    expect(step(own, [holder('b')], 8).lanes).toBe(8);
    expect(step(own, [holder('b')], 5).lanes).toBe(5);
    expect(step(own, [holder('b')], 2).lanes).toBe(4);
  });

  test('a second process of a run takes nothing that the first holds of what the run may have', () => {
    const limits = { connections: 2, relayConnections: 8 };
    const own = holder('a/2', { limits });
    expect(step(own, [holder('a/1', { limits, lanes: 2 })], 0).lanes).toBe(0);
    expect(step(own, [holder('a/1', { limits, lanes: 1 })], 0).lanes).toBe(1);
  });

  test('goes down in pace at once, and up by what is free', () => {
    const limits = relay(8, 100);
    expect(step(holder('a', { limits, lanes: 8, pace: 100 }), [holder('b')], 8).pace).toBe(50);
    const own = holder('b', { limits });
    expect(step(own, [holder('a', { lanes: 8, pace: 100 })], 0).pace).toBe(0);
    expect(step(own, [holder('a', { lanes: 4, pace: 60 })], 0).pace).toBe(40);
    expect(step(own, [holder('a', { lanes: 4, pace: 50 })], 0).pace).toBe(50);
  });

  test('waits for a pace that is worth it, and for whoever knows of no limit yet', () => {
    const limits = relay(8, 100);
    const own = holder('b', { limits });
    expect(step(own, [holder('a', { lanes: 4, pace: 80 })], 0).pace).toBe(0);
    expect(step(own, [holder('a', { lanes: 4, pace: null })], 0).pace).toBe(0);
    expect(step(own, [holder('a', { lanes: 0, pace: null })], 0).pace).toBe(50);
  });
});
