import { describe, expect, it } from 'vitest';
import { queueIdOf } from '../../functions/smtp/queue-id.ts';

describe('queueIdOf', () => {
  it.each([
    ['2.0.0 Ok: queued as 4XyZ12abCD', '4XyZ12abCD'],
    ['OK id=1tFQxY-0001Ab-2c', '1tFQxY-0001Ab-2c'],
    ['OK id=1tFQxY-00000001AbC-2cDe', '1tFQxY-00000001AbC-2cDe'],
    ['2.0.0 5AOCx1aB012345 Message accepted for delivery', '5AOCx1aB012345'],
    ['2.0.0 1a2b3c4d Message accepted for delivery', '1a2b3c4d'],
    ['2.0.0: 1a2b3c4d Message accepted for delivery', '1a2b3c4d'],
    ['Message Queued (8F2B6A1D-33C1-4E1B-9AE5-0E1D3A2B4C5D.1)', '8F2B6A1D-33C1-4E1B-9AE5-0E1D3A2B4C5D.1'],
    ['OK: message queued as 3', '3'],
    [
      'Ok 0100018f0a1b2c3d-4e5f6071-8293-a4b5-c6d7-e8f901234567-000000',
      '0100018f0a1b2c3d-4e5f6071-8293-a4b5-c6d7-e8f901234567-000000',
    ],
    ['2.0.0 OK  1700000000 abc-20020a170906.12 - gsmtp', 'abc-20020a170906.12'],
    ['OK', null],
    ['', null],
    ['2.0.0 Ok: queued', null],
    ['Message accepted for delivery', null],
    ['queued as \x1b[2J', null],
    [`queued as ${'x'.repeat(5000)}`, 'x'.repeat(128)],
  ])('finds in %j %j', (text, id) => {
    expect(queueIdOf({ code: 250, lines: ['first line', text], enhancedStatus: null })).toBe(id);
  });
});
