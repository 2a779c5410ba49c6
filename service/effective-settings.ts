// The settings that hold, as people may see them. What is a secret is masked whole, what has one inside an address is masked
// there; which settings those are is said by the table itself: by `.meta({ secret: true })`, and by their names as well, so that
// a new key is never shown because somebody forgot a word.
import { type SettingName, type Settings, settingsSchema } from "./settings.ts";

export interface EffectiveSetting {
  readonly name: SettingName;
  /** Null when it is not set and has no default. */
  readonly value: string | null;
  readonly isDefault: boolean;
  readonly isMasked: boolean;
  readonly about: string;
}

const mask = "***";
const secretName = /PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|HEADERS|(^|_)KEYS?($|_)|(^|_)PEM($|_)/;
/** `user:password@` and `user@` of an address, and what a query calls a secret. */
const userInfo = /(\/\/)([^/\s]*)@/g;
const secretParameter = /([?&;](?:password|passwd|pwd|secret|token|key|sslpassword|api[_-]?key)=)[^&;\s]*/gi;

/** In the order of the table. */
export function effectiveSettings(settings: Settings): readonly EffectiveSetting[] {
  const defaults: Readonly<Partial<Record<string, unknown>>> = settingsSchema.parse({});
  return settingNames().map((name) => {
    const value = settings[name];
    const text = value === undefined ? null : textOf(name, value);
    const shown = text === null || text === "" ? text : masked(name, text);
    return {
      name,
      value: shown,
      isDefault: JSON.stringify(value) === JSON.stringify(defaults[name]),
      isMasked: shown !== text,
      about: settingsSchema.shape[name].description ?? "",
    };
  });
}

/** Whether nothing of its value is shown. */
export function isSecret(name: SettingName): boolean {
  return secretName.test(name) || settingsSchema.shape[name].meta()?.["secret"] === true;
}

function masked(name: SettingName, text: string): string {
  if (isSecret(name)) return mask;
  return text
    .replaceAll(userInfo, (_all, slashes: string, user: string) => {
      const colon = user.indexOf(":");
      return colon === -1 ? `${slashes}${mask}@` : `${slashes}${user.slice(0, colon)}:${mask}@`;
    })
    .replaceAll(secretParameter, `$1${mask}`);
}

/** As it could be written into the environment. */
function textOf(name: SettingName, value: unknown): string {
  if (name === "SAGA_JOIN_WINDOW" && typeof value === "number") return `PT${value / 1000}S`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function settingNames(): SettingName[] {
  const isName = (name: string): name is SettingName => Object.hasOwn(settingsSchema.shape, name);
  return Object.keys(settingsSchema.shape).filter(isName);
}
