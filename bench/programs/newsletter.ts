/** A newsletter of 8 kB: a layout, partials with words of their own, a list of offers, and some words for members alone. */

const STYLE = 'margin:0 0 16px;font:16px/24px Helvetica,Arial,sans-serif;color:#2b211c';

export const LAYOUTS = {
  page: `<!DOCTYPE html>
<html lang="{{lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{title}}</title>
<style>
  body { margin: 0; padding: 0; width: 100%; }
  table { border-collapse: collapse; border-spacing: 0; }
  @media (max-width: 620px) { .column { width: 100% !important; } .inset { padding: 0 24px !important; } }
</style>
</head>
<body style="margin:0;padding:0;background-color:#f4ebdf;">
<div style="display:none;max-height:0;overflow:hidden;">{{preheader}}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td align="center" style="padding:28px 0 36px 0;">
<table role="presentation" class="column" width="600" cellpadding="0" cellspacing="0" style="width:600px;background-color:#ffffff;">
{{> @partial-block}}
</table>
  {{> footer}}
</td></tr>
</table>
</body>
</html>
`,
};

export const PARTIALS = {
  button: `<table role="presentation" cellpadding="0" cellspacing="0"><tr>
<td align="center" style="border-radius:8px;background-color:#b4472a;">
<a href="{{url link}}" style="display:inline-block;padding:13px 26px;font:bold 16px/20px Helvetica,Arial,sans-serif;color:#ffffff;text-decoration:none;">{{label}}</a>
</td>
</tr></table>
`,
  offer: `<tr>
<td width="160" style="padding:0 18px 18px 0;"><img src="{{url picture}}" width="142" height="142" alt="{{title}}" style="display:block;border:0;"></td>
<td valign="top" style="padding:0 0 18px 0;">
<h3 style="margin:0 0 6px;font:bold 18px/24px Georgia,serif;color:#2b211c;">{{title}}</h3>
<p style="${STYLE}">{{words}}</p>
<p style="margin:0;font:bold 16px/24px Helvetica,Arial,sans-serif;color:#b4472a;">{{price}}{{#if old}} <s style="color:#75655a;">{{old}}</s>{{/if}}</p>
</td>
</tr>
`,
  footer: `<table role="presentation" class="column" width="600" cellpadding="0" cellspacing="0">
<tr><td class="inset" align="center" style="padding:22px 44px 0 44px;font:12px/19px Helvetica,Arial,sans-serif;color:#75655a;">
Café Corazón, Calle del Correo 12, 28004 Madrid<br>
You get this letter at {{email}} because you signed up for it in {{since}}.
<a href="{{url unsubscribe}}" style="color:#75655a;">Stop sending it to me</a>
</td></tr>
</table>
`,
};

const paragraph = (words: string) => `<p style="${STYLE}">${words}</p>\n`;

export const BODY = `{{#> page lang="en" title="The new harvest" preheader="Eight coffees, one recipe, and a seat kept near you."}}
<tr><td class="inset" style="padding:26px 44px 0 44px;">
<h1 style="margin:0 0 16px;font:bold 32px/38px Georgia,serif;color:#2b211c;">Hello {{name}}, the new harvest is here</h1>
${paragraph('The first sacks came on Tuesday. We opened one in the courtyard, in a hurry and with scissors, and the whole courtyard smelled of apples. We have roasted it three times since: the second was the good one, and so it stays.')}{{#if member}}
${paragraph('As a member of our club you have <b>{{points}}</b> points, and {{name}}, they are good until {{until}}.')}{{else}}
${paragraph('Members of our club get every tenth bag for nothing.')}{{/if}}
{{> button label="See the eight coffees" link="https://example.com/en/coffees"}}
</td></tr>
<tr><td class="inset" style="padding:30px 44px 0 44px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0">
{{#each offers}}
{{> offer}}
{{/each}}
</table>
</td></tr>
<tr><td class="inset" style="padding:28px 44px 40px 44px;">
<h2 style="margin:0 0 8px;font:bold 20px/26px Georgia,serif;color:#2b211c;">A seat is kept for you in {{city}}</h2>
${paragraph('On the first Saturday of December we taste all eight at once, in every city where somebody reads this letter. It costs nothing; bring your favourite cup, for coffee tastes better from one’s own.')}{{#with shop}}
${paragraph('Yours is at {{street}}, open {{#each hours}}{{this}}{{#unless @last}}, {{/unless}}{{/each}}.')}{{/with}}
{{> button label="Keep my seat" link=seat}}
${paragraph('Warmly,<br>Inés and Tomás, beside the roaster')}</td></tr>
{{/page}}
`;

const COFFEES = ['Huehuetenango', 'Yirgacheffe', 'Nariño', 'Sidamo', 'Antigua', 'Kiambu & co'];

/** The row of recipient number `index`: no two are alike. */
export function rowOf(index: number): Record<string, unknown> {
  const city = index % 3 === 0 ? 'Köln' : 'Ciudad de México';
  return {
    email: `person${index}@example.com`,
    name: index % 7 === 0 ? `Zoë "Z" ${index}` : `Ana ${index}`,
    city,
    since: 'March 2021',
    member: index % 2 === 0,
    points: index % 500,
    until: '31 December',
    unsubscribe: `https://example.com/leave?token=${index}abcdef0123456789`,
    seat: `https://example.com/seats/${index}`,
    shop: { street: `Calle del Correo ${index % 90}`, hours: ['Mon–Fri 8–20', 'Sat 9–14'] },
    offers: COFFEES.map((title, number) => ({
      title,
      picture: `https://example.com/pictures/${number}.jpg`,
      words: `Washed, light, for filter and for mornings in ${city}; roasted on day ${index % 30} of the month.`,
      price: `${12 + number},${index % 10}0 €`,
      old: number % 2 === 0 ? `${15 + number},00 €` : '',
    })),
  };
}
