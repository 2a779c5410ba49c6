// Sections of Markdown files that are made by a command: what stands between `<!-- name -->` and `<!-- /name -->`.

/** The text with the section's new content; throws when it has no such section. */
export function withSection(text: string, name: string, content: string): string {
  const open = `<!-- ${name} -->`;
  const close = `<!-- /${name} -->`;
  const [before, rest] = text.split(`${open}\n`, 2);
  const end = rest?.indexOf(close) ?? -1;
  if (before === undefined || rest === undefined || end < 0)
    throw new Error(`The file has no ${open} … ${close}.`);
  return `${before}${open}\n${content.replace(/\n$/, "")}\n${rest.slice(end)}`;
}
