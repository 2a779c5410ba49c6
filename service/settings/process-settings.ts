// What each service does as a process: how it stops, what it logs.
import { z } from "zod";
import { logLevels } from "../logger.ts";
import { count } from "./setting-kinds.ts";

export const processSettings = {
  DRAIN_MS: count(0, 60_000).describe(
    "How long a service that was asked to stop still takes requests, while `/health/ready` and `/health/serving` say no, so that load balancers stop calling it",
  ),
  LOG_LEVEL: z.enum(logLevels).default("info").describe("Least level that is logged"),
  LOG_FORMAT: z.enum(["json", "pretty"]).optional().describe("Default: `pretty` on a terminal, else `json`"),
};
