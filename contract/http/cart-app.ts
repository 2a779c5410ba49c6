// cart's HTTP side, whole: hand it the commands and serve its `fetch`.
import type { Hono } from "hono";
import { systemACartRoutes } from "../dialects/system-a.ts";
import { systemBCartRoutes } from "../dialects/system-b.ts";
import { cartHealthSchema } from "../health.ts";
import type { CartHealth, OrderCommands } from "../ports.ts";
import { cartProcedures } from "../procedures.ts";
import { cartRouterOver } from "../routers.ts";
import { healthDocuments } from "./health-endpoints.ts";
import { observedProcedures } from "./observed.ts";
import { serviceApp } from "./service-app.ts";
import { servingOf, type ServingOptions } from "./serving.ts";

export interface CartAppOptions extends ServingOptions {
  readonly commands: OrderCommands;
  readonly health: CartHealth;
}

export function createCartApp(options: CartAppOptions): Hono {
  const serving = servingOf(options);
  const procedures = observedProcedures(cartProcedures(options.commands), serving.observer);
  return serviceApp(
    {
      service: "cart",
      title: "Orderwire cart",
      procedures,
      routes: [...systemACartRoutes, ...systemBCartRoutes],
      router: cartRouterOver(procedures, serving),
      health: options.health,
      healthDocuments: healthDocuments(cartHealthSchema, {
        well: { status: "healthy", kafka: "connected" },
        unwell: { status: "unhealthy", kafka: "disconnected" },
      }),
    },
    serving,
  );
}
