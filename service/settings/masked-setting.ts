// A setting's value as people may see it. What is a secret is masked whole, what has one inside an address is masked there.
// Which settings are secrets is said by their names, so that a new key is never shown because somebody forgot a word.

const mask = "***";
const secretName = /PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|HEADERS|(^|_)KEYS?($|_)|(^|_)PEM($|_)/;
/** `user:password@` and `user@` of an address, and what a query calls a secret. */
const userInfo = /(\/\/)([^/\s]*)@/g;
const secretParameter = /([?&;](?:password|passwd|pwd|secret|token|key|sslpassword|api[_-]?key)=)[^&;\s]*/gi;

/** Whether nothing of its value is shown. */
export function isSecretSetting(name: string): boolean {
  return secretName.test(name);
}

export function maskedSetting(name: string, text: string): string {
  if (isSecretSetting(name)) return mask;
  return text
    .replaceAll(userInfo, (_all, slashes: string, user: string) => {
      const colon = user.indexOf(":");
      return colon === -1 ? `${slashes}${mask}@` : `${slashes}${user.slice(0, colon)}:${mask}@`;
    })
    .replaceAll(secretParameter, `$1${mask}`);
}
