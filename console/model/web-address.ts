// An address that may become a link out of the console: the web's own schemes, and no other, whatever the setting or the server says.

/** Undefined for what is no address, or one that a browser would run, open or mail to. */
export function webAddress(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, href } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? href : undefined;
}
