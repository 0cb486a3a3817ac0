/** ISO 8601 durations of days, hours, minutes and seconds. Months and years are left out: their length is no number. */
const DURATION = /^P(?=[\dT])(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/;

/**
 * Milliseconds of a duration such as `PT48H` or `P2DT30M`.
 * @throws RangeError when the text is no such duration
 */
export function parseDuration(text: string): number {
  const match = DURATION.exec(text);
  if (match === null)
    throw new RangeError(`Cannot read the duration ${JSON.stringify(text)}: wanted ISO 8601 such as "PT48H"`);
  const [days, hours, minutes, seconds] = match.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
