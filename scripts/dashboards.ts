// `bun run dashboards`: writes the Grafana dashboards from ops/dashboards.ts.
import { dashboardPath, dashboards, dashboardText } from "../ops/dashboards.ts";

for (const dashboard of dashboards) await Bun.write(dashboardPath(dashboard), dashboardText(dashboard));
