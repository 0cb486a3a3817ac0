/** The forms in which programs write a secret, and the search for them in whatever has been left behind. */

/** What a search knows a form by: of a long one its beginning, its middle and its end. */
const KNOWN_BY = 10;

/** What a relay may make of a login. @param user whose name is no secret, but is said along with it */
export function echoesOf(secret: string, user: string): string[] {
  const within = [`\0${user}\0${secret}`, `user=${user}\u0001auth=Bearer ${secret}\u0001\u0001`, `${user}:${secret}`];
  return [...formsOf(secret), ...within.map((text) => Buffer.from(text, 'utf8').toString('base64'))];
}

/** What is searched for. */
export function formsOf(secret: string): string[] {
  const octets = Buffer.from(secret, 'utf8');
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  const hex = octets.toString('hex');
  const url = encodeURIComponent(secret);
  return [
    secret,
    octets.toString('latin1'),
    octets.toString('base64'),
    octets.toString('base64url'),
    // As it stands within something longer, at each of the three places where base64 may begin.
    base64(`x${secret}`).slice(2),
    base64(`xx${secret}`).slice(3),
    url,
    url.toLowerCase(),
    hex,
    hex.replace(/../g, '%$&'),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/** Each place where one of the forms is found, in any case of its letters: `what: form`. */
export function found(what: string, octets: Buffer, forms: readonly string[]): string[] {
  // A text may lie there as UTF-8, as one octet a character, or as UTF-16.
  const texts = [octets.toString('latin1'), octets.toString('utf8'), octets.toString('latin1').replaceAll('\0', '')];
  const small = texts.map((text) => text.toLowerCase());
  const known = new Set(forms.flatMap(partsOf).map((part) => part.toLowerCase()));
  return [...known].filter((part) => small.some((text) => text.includes(part))).map((part) => `${what}: ${part}`);
}

function partsOf(form: string): string[] {
  if (form.length <= KNOWN_BY) return [form];
  const middle = (form.length - KNOWN_BY) >> 1;
  return [form.slice(0, KNOWN_BY), form.slice(middle, middle + KNOWN_BY), form.slice(-KNOWN_BY)];
}
