// What can be set from outside, in one table: the environment is read once, every fault is reported together,
// and the README's settings table is generated from here (scripts/settings-table.ts; a test fails when it is stale).
import { z } from "zod";
import { contradictions } from "./settings/contradictions.ts";
import { eventSettings } from "./settings/event-settings.ts";
import { httpSettings } from "./settings/http-settings.ts";
import { maskedSetting } from "./settings/masked-setting.ts";
import { orderSettings } from "./settings/order-settings.ts";
import { partsSettings } from "./settings/parts-settings.ts";
import { processSettings } from "./settings/process-settings.ts";
import { sagaSettings } from "./settings/saga-settings.ts";
import { tracingSettings } from "./settings/tracing-settings.ts";

/** In the order of the README's table. */
export const settingsSchema = z.object({
  ...httpSettings,
  ...partsSettings,
  ...eventSettings,
  ...sagaSettings,
  ...orderSettings,
  ...tracingSettings,
  ...processSettings,
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

export type SettingsResult =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly faults: string[] };

export interface ReadSettingsOptions {
  /** Whether the process keeps orders and thus needs a store that outlives it; cart alone does not. Default: true. */
  readonly keepsOrders?: boolean;
}

/** Reads all settings; an empty variable counts as unset. Faults are sentences that name the variable, with secrets masked. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  { keepsOrders = true }: ReadSettingsOptions = {},
): SettingsResult {
  const given = Object.fromEntries(
    Object.keys(settingsSchema.shape).flatMap((name) => {
      const value = environment[name]?.trim();
      return value ? [[name, value]] : [];
    }),
  );
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) {
    return { ok: false, faults: parsed.error.issues.map((issue) => describeFault(issue, given)) };
  }
  const faults = contradictions(parsed.data, keepsOrders);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, value: parsed.data };
}

function describeFault(issue: z.core.$ZodIssue, given: Record<string, string>): string {
  const name = String(issue.path[0]);
  return `${name} ${issue.message} (it is "${maskedSetting(name, given[name] ?? "")}").`;
}
