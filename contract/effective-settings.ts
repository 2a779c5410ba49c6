// The settings that hold in this process, as an operator may see them: secrets are masked before they come here.
import { z } from "zod";

export const effectiveSettingsSchema = z.object({
  settings: z.array(
    z.object({
      name: z.string(),
      /** Masked where it is a secret or has one in it; null when it is not set and has no default. */
      value: z.string().nullable(),
      isDefault: z.boolean(),
      isMasked: z.boolean(),
      about: z.string(),
    }),
  ),
});
export type EffectiveSettings = z.infer<typeof effectiveSettingsSchema>;
