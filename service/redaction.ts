// Masks what must not be in a log: passwords in URLs, values of settings and headers that are secrets, tokens. It errs on the
// side of masking too much.

const mask = "***";

const secretName =
  /pass(?:word|wd|phrase)?$|secret|token|credential|authorization|api[-_.]?key|private[-_.]?key|cookie/i;

/** Whether a field or setting of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

const patterns: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // postgres://user:password@host, http://key:secret@registry; also without a user.
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"']{1,500}@/gi, `$1${mask}@`],
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${mask}`],
  // password=…, "sasl.password": "…", api-key: …
  [
    /((?:[\w.-]{0,40}(?:password|passwd|passphrase|secret|token|authorization|api[-_.]?key|private[-_.]?key))["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|(?!bearer |basic )[^\s,;&"']+)/gi,
    `$1${mask}`,
  ],
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g, mask],
];

/** The text with every secret that can be recognised masked. Linear in the text: attackers write some of it. */
export function redactText(text: string): string {
  let masked = text;
  for (const [pattern, replacement] of patterns) masked = masked.replace(pattern, replacement);
  return masked;
}
