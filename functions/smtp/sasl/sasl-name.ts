/** RFC 5801 §4, RFC 5802 §5.1: `,` and `=` would end the name. */
export function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
