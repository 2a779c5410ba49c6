// order's HTTP side, whole: hand it the views and serve its `fetch`.
import type { Hono } from "hono";
import { liveRoutes, liveStreams } from "../dialects/live.ts";
import { operatorRoutes } from "../dialects/operator.ts";
import { replayRoutes } from "../dialects/replays.ts";
import { operatorSagaRoutes } from "../dialects/operator-sagas.ts";
import { systemAOrderRoutes } from "../dialects/system-a.ts";
import { systemBOrderRoutes } from "../dialects/system-b.ts";
import { systemCRoutes } from "../dialects/system-c.ts";
import { orderHealthSchema, reportHealth } from "../health.ts";
import type { OrderHealth } from "../ports.ts";
import { orderProcedures, orderStreams, type OrderPorts } from "../procedures.ts";
import { orderRouterOver } from "../routers.ts";
import { healthDetailDocument, healthDocuments } from "./health-endpoints.ts";
import { observedProcedures } from "./observed.ts";
import { serviceApp } from "./service-app.ts";
import { servingOf, type ServingOptions } from "./serving.ts";
import { serveStream } from "./stream-endpoint.ts";

export interface OrderAppOptions extends ServingOptions, OrderPorts {
  readonly health: OrderHealth;
  /** Pages for operators, below `/console`; it answers every method. */
  readonly console?: (request: Request) => Promise<Response>;
}

export function createOrderApp(options: OrderAppOptions): Hono {
  const serving = servingOf(options);
  const procedures = observedProcedures(orderProcedures(options), serving.observer);
  const streams = orderStreams(options);
  return serviceApp(
    {
      service: "order",
      title: "Orderwire order",
      procedures,
      routes: [
        ...systemAOrderRoutes,
        ...systemBOrderRoutes,
        ...systemCRoutes,
        ...operatorRoutes,
        ...operatorSagaRoutes,
        ...replayRoutes,
        ...liveRoutes,
      ],
      streams: liveStreams.map((route) => ({ ...route, handle: serveStream(route, streams, serving) })),
      router: orderRouterOver(procedures, streams, serving),
      health: options.health,
      healthDetail: async () => reportHealth(await options.health.detail()),
      healthDocuments: [
        ...healthDocuments(orderHealthSchema, {
          well: { status: "healthy", consumer: "running", orders_in_memory: 42 },
          unwell: { status: "unhealthy", consumer: "stopped", orders_in_memory: 42 },
        }),
        healthDetailDocument,
      ],
      ...(options.console === undefined ? {} : { console: options.console }),
    },
    serving,
  );
}
