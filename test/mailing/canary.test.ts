/** The canary: who goes first, how it is judged, and that nobody else is sent to before. */
import { describe, expect, test } from 'vitest';
import { type CanaryVerdict, IllegalMoveError, noTotals, OUTCOMES, type Totals } from '#mailing';
import { BatchCut } from '../../functions/mailing/batch-file.ts';
import { type Canary, readCanary, verdictOf } from '../../functions/mailing/canary.ts';
import { type Fate, OK, RunScene, replyOf } from './run-scene.ts';

const REFUSED = replyOf('550 5.1.1 no such person');
const GREY = replyOf('451 4.7.1 greylisted');

describe('verdictOf', () => {
  const judge = (found: Partial<Totals>, limits: Canary['limits']) =>
    verdictOf({ ...noTotals(), ...found }, { recipients: 100, limits }, 7);

  test.each<[string, Partial<Totals>, Canary['limits'], string[]]>([
    ['a share that is the limit', { accepted: 95, refused: 5 }, { refused: '5%' }, []],
    ['one above it', { accepted: 94, refused: 6 }, { refused: '5%' }, ['6 of 100 refused, at most 5% wanted']],
    ['none where none is wanted', { accepted: 100 }, { refused: '0%', deferred: '0%', uncertain: '0%' }, []],
    [
      'one where none is wanted',
      { accepted: 99, uncertain: 1 },
      { uncertain: '0%' },
      ['1 of 100 uncertain, at most 0% wanted'],
    ],
    ['all where all may be', { refused: 100 }, { refused: '100%' }, []],
    ['any number where there is no limit', { refused: 50, uncertain: 50 }, { deferred: '0%' }, []],
    ['a fraction, just reached', { accepted: 199, refused: 1 }, { refused: '0.5%' }, []],
    [
      'a fraction, passed',
      { accepted: 198, refused: 2 },
      { refused: '0.5%' },
      ['2 of 200 refused, at most 0.5% wanted'],
    ],
    ['a fraction that is none in binary', { accepted: 9971, refused: 29 }, { refused: '0.29%' }, []],
    [
      'digits beyond any float',
      { accepted: 99, refused: 1 },
      { refused: '0.99999999999999999999%' },
      ['1 of 100 refused, at most 0.99999999999999999999% wanted'],
    ],
    [
      'several at once',
      { refused: 2, deferred: 3 },
      { refused: '10%', deferred: '50%' },
      ['2 of 5 refused, at most 10% wanted', '3 of 5 deferred, at most 50% wanted'],
    ],
    [
      'a share of those who were tried',
      { accepted: 9, refused: 1, invalid: 80, suppressed: 10 },
      { refused: '5%' },
      ['1 of 10 refused, at most 5% wanted'],
    ],
    ['nobody tried', { invalid: 3, suppressed: 2 }, { refused: '0%' }, []],
  ])('%s', (_, found, limits, problems) => {
    expect(judge(found, limits)).toMatchObject({
      verdict: problems.length > 0 ? 'stopped' : 'passed',
      problems,
      at: 7,
    });
  });

  test('every outcome counts as tried or as not, and none is forgotten', () => {
    const one = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 1])) as Totals;
    expect(verdictOf(one, readCanary({ recipients: 1 }), 0).tried).toBe(6);
  });
});

describe('BatchCut', () => {
  const cut = (canary: number, states: readonly ('pending' | 'invalid')[]) => {
    const batches = new BatchCut(canary);
    const sizes: number[] = [];
    let size = 0;
    for (const state of states) {
      size += 1;
      if (!batches.add({ state })) continue;
      sizes.push(size);
      size = 0;
    }
    if (batches.finish()) sizes.push(size);
    return { sizes, batches: batches.batches, canary: batches.canaryBatches };
  };
  const pending = (count: number) => Array.from({ length: count }, () => 'pending' as const);

  test.each<[string, number, readonly ('pending' | 'invalid')[], number[], number]>([
    ['no canary', 0, pending(1001), [500, 500, 1], 0],
    ['a canary smaller than a batch', 100, pending(1000), [100, 500, 400], 1],
    ['a canary of exactly a batch', 500, pending(700), [500, 200], 1],
    ['a canary of several batches', 1200, pending(2000), [500, 500, 200, 500, 300], 3],
    ['a canary of everybody', 7, pending(7), [7], 1],
    ['a canary larger than the audience', 1000, pending(600), [500, 100], 2],
    ['a canary of one', 1, pending(3), [1, 2], 1],
    ['rows that are not sent', 2, ['invalid', 'pending', 'invalid', 'pending', 'invalid'], [4, 1], 1],
    ['nobody to send to', 2, ['invalid', 'invalid'], [2], 1],
    ['no rows', 5, [], [], 0],
  ])('%s', (_, canary, states, sizes, canaryBatches) => {
    expect(cut(canary, states)).toEqual({ sizes, batches: sizes.length, canary: canaryBatches });
  });
});

const canary = (recipients: number, limits: object = {}) => ({ canary: { recipients, ...limits } });
const numbers = (addresses: readonly string[]) => addresses.map((to) => Number(/\d+/.exec(to)?.[0]));

describe('a run with a canary', () => {
  test('goes on by itself when it has passed, and nobody else was sent to before', async () => {
    const scene = await RunScene.open({
      people: 20,
      campaign: canary(5, { refused: '20%' }),
      fate: ({ to }) => (to === 'p2@example.com' ? REFUSED : OK),
    });
    const judged: CanaryVerdict[] = [];
    const report = await scene.send({ connections: 3, onJudged: (verdict) => judged.push(verdict) });
    expect(report).toMatchObject({ stopped: false });
    expect(judged).toMatchObject([{ verdict: 'passed', tried: 5, problems: [] }]);
    expect(new Set(numbers(scene.attempts.slice(0, 5).map(({ to }) => to)))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(await scene.totals()).toMatchObject({ accepted: 19, refused: 1 });
    expect(await scene.state.ledger.run(scene.run)).toMatchObject({ finished: true, canary: { verdict: 'passed' } });
  });

  test('stops where a share is passed, and goes on when a person says so', async () => {
    const scene = await RunScene.open({
      people: 20,
      campaign: canary(5, { refused: '20%' }),
      fate: ({ to }) => ((numbers([to])[0] ?? 0) < 2 ? REFUSED : OK),
    });
    const judged: CanaryVerdict[] = [];
    await scene.send({ onJudged: (verdict) => judged.push(verdict) });
    expect(judged).toMatchObject([{ verdict: 'stopped', problems: ['2 of 5 refused, at most 20% wanted'] }]);
    expect(scene.attempts).toHaveLength(5);
    expect(await scene.state.ledger.control(scene.run)).toBe('paused');
    expect(await scene.totals()).toMatchObject({ pending: 15, refused: 2, accepted: 3 });
    // Started again as it is, it tries nobody: not even where a process does not look at what a person wants.
    await scene.send();
    expect(scene.attempts).toHaveLength(5);
    await scene.state.ledger.setControl(scene.run, 'going', scene.clock.now());
    expect(await scene.state.ledger.run(scene.run)).toMatchObject({ canary: { verdict: 'overruled' } });
    judged.length = 0;
    await scene.send({ onJudged: (verdict) => judged.push(verdict) });
    expect(judged).toEqual([]);
    expect(await scene.totals()).toMatchObject({ pending: 0, refused: 2, accepted: 18 });
  });

  test('is judged by first attempts: whoever is deferred counts, and is not waited for', async () => {
    const scene = await RunScene.open({
      people: 10,
      campaign: canary(4, { deferred: '25%' }),
      fate: ({ to, attempt }) => (to === 'p0@example.com' && attempt === 1 ? GREY : OK),
    });
    await scene.send();
    expect(scene.attempts.slice(0, 10).map(({ atMs }) => atMs)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(scene.attempts[10]?.atMs).toBeGreaterThanOrEqual(300_000);
    expect(await scene.totals()).toMatchObject({ accepted: 10 });
  });

  test('with `once` goes on after it as well', async () => {
    const scene = await RunScene.open({ people: 8, campaign: canary(4, { refused: '0%' }) });
    await scene.send({ once: true });
    expect(scene.accepted).toHaveLength(8);
  });

  test('that is the whole audience is judged when nobody is left, and a finished run is not paused', async () => {
    const scene = await RunScene.open({ people: 3, campaign: canary(1000, { refused: '0%' }), fate: () => REFUSED });
    await scene.send();
    expect(await scene.state.ledger.run(scene.run)).toMatchObject({ finished: true, canary: { verdict: 'stopped' } });
    expect(await scene.state.ledger.control(scene.run)).toBe('going');
  });

  test('whose relay fails is not judged, and goes on when it is there again', async () => {
    let works = false;
    const fate = (): Fate => (works ? OK : { step: 'MAIL', reply: replyOf('503 5.5.1 not now') });
    const scene = await RunScene.open({ people: 6, campaign: canary(3, { refused: '0%' }), fate });
    await expect(scene.send()).rejects.toThrow('503');
    expect(await scene.state.ledger.run(scene.run)).toMatchObject({ canary: null });
    works = true;
    await scene.send();
    expect(await scene.totals()).toMatchObject({ accepted: 6 });
  });

  test('is judged once where two processes send it, and neither goes beyond it before', {
    timeout: 60_000,
  }, async () => {
    const scene = await RunScene.open({ people: 700, campaign: canary(600, { refused: '1%' }), mailMs: 5 });
    const other = scene.anotherProcess();
    const judged: CanaryVerdict[] = [];
    const onJudged = (verdict: CanaryVerdict) => judged.push(verdict);
    const both = [scene.begin({ connections: 2, onJudged }), scene.begin({ state: other, connections: 2, onJudged })];
    await scene.passUntilOver(...both);
    await Promise.all(both);
    other.close();
    expect(judged.every(({ verdict }) => verdict === 'passed')).toBe(true);
    expect(Math.max(...numbers(scene.attempts.slice(0, 600).map(({ to }) => to)))).toBe(599);
    expect(new Set(scene.accepted).size).toBe(700);
    expect(scene.accepted).toHaveLength(700);
  });
});

describe('the verdict in the ledger', () => {
  const verdict = (word: 'passed' | 'stopped', at: number): CanaryVerdict => ({
    verdict: word,
    tried: 4,
    problems: [],
    at,
  });

  test('the first one holds, whoever comes later', async () => {
    const scene = await RunScene.open({ people: 2, campaign: canary(1) });
    const { ledger } = scene.state;
    expect(await ledger.judgeCanary(scene.run, verdict('passed', 1))).toEqual(verdict('passed', 1));
    expect(await ledger.judgeCanary(scene.run, verdict('stopped', 2))).toEqual(verdict('passed', 1));
    expect(await ledger.control(scene.run)).toBe('going');
    await expect(ledger.judgeCanary('nobody', verdict('passed', 1))).rejects.toThrow(IllegalMoveError);
  });

  test('a pause, and going on after it, say nothing of a canary that was not judged', async () => {
    const scene = await RunScene.open({ people: 2, campaign: canary(1) });
    const { ledger } = scene.state;
    await ledger.setControl(scene.run, 'paused', 1);
    await ledger.setControl(scene.run, 'going', 2);
    expect(await ledger.run(scene.run)).toMatchObject({ canary: null });
  });

  test('a cancelled run that was stopped is overruled by who has its recipients sent again', async () => {
    const scene = await RunScene.open({
      people: 4,
      campaign: canary(2, { refused: '0%' }),
      fate: ({ attempt }) => (attempt === 1 ? REFUSED : OK),
    });
    await scene.send();
    const { ledger } = scene.state;
    await ledger.setControl(scene.run, 'cancelled', 5);
    await ledger.retry(scene.run, { outcomes: ['refused', 'cancelled'], at: 6 });
    expect(await ledger.run(scene.run)).toMatchObject({ canary: { verdict: 'overruled' } });
    await scene.send();
    await scene.state.ledger.retry(scene.run, { outcomes: ['refused'], at: 7 });
    await scene.send();
    expect(await scene.totals()).toMatchObject({ accepted: 4 });
  });
});
