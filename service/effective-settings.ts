// The settings that hold, as people may see them.
import { maskedSetting } from "./settings/masked-setting.ts";
import { type SettingName, type Settings, settingsSchema } from "./settings.ts";

export interface EffectiveSetting {
  readonly name: SettingName;
  /** Null when it is not set and has no default. */
  readonly value: string | null;
  readonly isDefault: boolean;
  readonly isMasked: boolean;
  readonly about: string;
}

/** In the order of the table. */
export function effectiveSettings(settings: Settings): readonly EffectiveSetting[] {
  const defaults: Readonly<Partial<Record<string, unknown>>> = settingsSchema.parse({});
  return settingNames().map((name) => {
    const value = settings[name];
    const text = value === undefined ? null : textOf(name, value);
    const shown = text === null || text === "" ? text : maskedSetting(name, text);
    return {
      name,
      value: shown,
      isDefault: JSON.stringify(value) === JSON.stringify(defaults[name]),
      isMasked: shown !== text,
      about: settingsSchema.shape[name].description ?? "",
    };
  });
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
