// What `/health` of each service says, word for word as system B documents it.
import { z } from "zod";

export const cartHealthSchema = z
  .object({
    status: z.enum(["healthy", "unhealthy"]),
    kafka: z.enum(["connected", "disconnected"]),
  })
  .meta({ id: "Health" });
export type CartHealthBody = z.infer<typeof cartHealthSchema>;

export const orderHealthSchema = z
  .object({
    status: z.enum(["healthy", "unhealthy"]),
    consumer: z.enum(["running", "stopped"]),
    /** The number of stored orders; the documented name is older than the store. */
    orders_in_memory: z.int().min(0),
  })
  .meta({ id: "Health" });
export type OrderHealthBody = z.infer<typeof orderHealthSchema>;
