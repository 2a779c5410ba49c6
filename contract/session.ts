// Who one is, as both services tell it at `/session`.
import { z } from "zod";
import { roles } from "./access.ts";

export const sessionPath = "/session";

export const sessionSchema = z
  .object({
    keysNeeded: z.boolean().meta({ description: "Whether this service asks for keys at all." }),
    caller: z
      .object({ name: z.string(), role: z.enum(roles) })
      .nullable()
      .meta({ description: "Whose key came with the request; null without one that is known." }),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof sessionSchema>;

export const signInSchema = z.strictObject({ key: z.string().min(1).max(200) }).meta({ id: "SignIn" });
