// The Grafana dashboards as data: `bun run dashboards` writes ops/dashboards/*.json from here, and a test fails when they differ.
import { join } from "node:path";

interface Panel {
  readonly title: string;
  readonly help: string;
  /** Grafana's name of it. */
  readonly unit: "s" | "reqps" | "short" | "bytes" | "percentunit";
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const quantiles = (histogram: string, by: string, legend: string, filter = "") =>
  [0.5, 0.99].map(
    (quantile) =>
      [
        `histogram_quantile(${quantile}, sum by (${by}, le) (rate(${histogram}_bucket{${filter}}[$__rate_interval])))`,
        `p${quantile * 100} ${legend}`,
      ] as const,
  );

export const dashboards: readonly Dashboard[] = [
  {
    uid: "orderwire-flow",
    title: "Orderwire: flow",
    rows: [
      {
        title: "Requests",
        panels: [
          {
            title: "Requests",
            help: "Answered requests by service and status.",
            unit: "reqps",
            queries: [
              [
                "sum by (service, status) (rate(orderwire_http_requests_total[$__rate_interval]))",
                "{{service}} {{status}}",
              ],
            ],
          },
          {
            title: "Share of 5xx",
            help: "Alert OrderwireHttpErrors at 2 %.",
            unit: "percentunit",
            queries: [
              [
                'sum by (service) (rate(orderwire_http_requests_total{status=~"5.."}[$__rate_interval])) / sum by (service) (rate(orderwire_http_requests_total[$__rate_interval]))',
                "{{service}}",
              ],
            ],
          },
          {
            title: "Duration by route",
            help: "Streams count to their beginning.",
            unit: "s",
            queries: quantiles("orderwire_http_request_duration_seconds", "route", "{{route}}"),
          },
          {
            title: "Procedures that failed",
            help: "Whatever protocol called them.",
            unit: "reqps",
            queries: [
              [
                'sum by (procedure, code) (rate(orderwire_procedure_calls_total{code!="ok"}[$__rate_interval]))',
                "{{procedure}} {{code}}",
              ],
            ],
          },
        ],
      },
      {
        title: "Events",
        panels: [
          {
            title: "Events by their end",
            help: "done: in the store. retry: will be tried again. behind: waits for its order. dead_letter: failed for good.",
            unit: "reqps",
            queries: [
              ["sum by (outcome) (rate(orderwire_events_total[$__rate_interval]))", "{{outcome}}"],
              [
                'sum(rate(orderwire_published_records_total{service="cart",outcome="acknowledged"}[$__rate_interval]))',
                "published by cart",
              ],
            ],
          },
          {
            title: "From the request to the store",
            help: "By topic; retried events take seven seconds and more by design.",
            unit: "s",
            queries: quantiles("orderwire_end_to_end_seconds", "topic", "{{topic}}"),
          },
          {
            title: "Lag",
            help: "Records that are written and not handed over.",
            unit: "short",
            queries: [["sum by (group) (orderwire_consumer_lag_records)", "{{group}}"]],
          },
          {
            title: "Publishing",
            help: "Until all in-sync replicas have acknowledged.",
            unit: "s",
            queries: quantiles(
              "orderwire_publish_duration_seconds",
              "service, topic",
              "{{service}} {{topic}}",
            ),
          },
          {
            title: "In flight",
            help: "What is on its way in memory: bounded.",
            unit: "short",
            queries: [
              ["sum by (service) (orderwire_http_requests_in_flight)", "requests of {{service}}"],
              ["sum by (service) (orderwire_publish_in_flight)", "publishes of {{service}}"],
              ["sum(orderwire_inbox_records)", "unread records"],
              ["sum(orderwire_dead_letters_in_flight)", "dead letters"],
            ],
          },
          {
            title: "What holds it up",
            help: "1 while it does: a dependency that is waited for, the breaker, back-pressure, a partition that stands still.",
            unit: "short",
            queries: [
              ["max by (work, what) (orderwire_waiting) > 0", "{{work}} wait for {{what}}"],
              ["max(orderwire_breaker_open) > 0", "breaker"],
              ["sum(orderwire_partitions_paused) > 0", "paused partitions"],
              ["sum(orderwire_partitions_stalled) > 0", "stalled partitions"],
              ["1 - min by (service) (orderwire_ready) > 0", "{{service}} is not ready"],
            ],
          },
        ],
      },
    ],
  },
  {
    uid: "orderwire-failures",
    title: "Orderwire: failures and replays",
    rows: [
      {
        title: "Dead letters",
        panels: [
          {
            title: "Dead letters by state",
            help: "From the store: all instances tell the same.",
            unit: "short",
            queries: [["max by (state) (orderwire_dead_letters)", "{{state}}"]],
          },
          {
            title: "Oldest open",
            help: "Alert OrderwireDeadLettersOld after a day.",
            unit: "s",
            queries: [["max(orderwire_dead_letters_oldest_open_seconds)", "oldest"]],
          },
          {
            title: "New dead letters by cause",
            help: "Since the process began, by category and cause.",
            unit: "reqps",
            queries: [
              [
                "sum by (topic, category, cause) (rate(orderwire_dead_letters_created_total[$__rate_interval]))",
                "{{topic}} {{category}} {{cause}}",
              ],
            ],
          },
          {
            title: "Retries",
            help: "By the attempt that failed and its cause.",
            unit: "reqps",
            queries: [
              [
                "sum by (attempt, cause) (rate(orderwire_retries_total[$__rate_interval]))",
                "attempt {{attempt}}: {{cause}}",
              ],
            ],
          },
          {
            title: "Parked events",
            help: "What waits in the store.",
            unit: "short",
            queries: [["max by (state) (orderwire_parked_records)", "{{state}}"]],
          },
          {
            title: "Replays",
            help: "What became of replayed letters.",
            unit: "reqps",
            queries: [
              ["sum by (outcome) (rate(orderwire_replay_outcomes_total[$__rate_interval]))", "{{outcome}}"],
            ],
          },
        ],
      },
      {
        title: "System C",
        panels: [
          {
            title: "Results",
            help: "Orders that were settled.",
            unit: "reqps",
            queries: [
              ["sum by (status) (rate(orderwire_saga_outcomes_total[$__rate_interval]))", "{{status}}"],
            ],
          },
          {
            title: "Decisions",
            help: "late and expired are dead letters; joined counts orders.",
            unit: "reqps",
            queries: [["sum by (what) (rate(orderwire_saga_decisions_total[$__rate_interval]))", "{{what}}"]],
          },
          {
            title: "Between the two decisions",
            help: "Event times. Beyond the window they are late.",
            unit: "s",
            queries: quantiles("orderwire_saga_decision_gap_seconds", "state", "{{state}}"),
          },
          {
            title: "From order to result",
            help: "By result.",
            unit: "s",
            queries: quantiles("orderwire_saga_settle_seconds", "status", "{{status}}"),
          },
          {
            title: "Pending",
            help: "Halves that wait for their partner, and records that are stored and not on their topic yet.",
            unit: "short",
            queries: [
              ["max(orderwire_saga_pending_decisions)", "decisions"],
              ["max(orderwire_saga_unpublished_records)", "unpublished records"],
              ['max(orderwire_saga_orders{status="NEW"})', "orders without a result"],
            ],
          },
        ],
      },
    ],
  },
  {
    uid: "orderwire-machinery",
    title: "Orderwire: machinery",
    rows: [
      {
        title: "Dependencies",
        panels: [
          {
            title: "Store: duration",
            help: "By operation.",
            unit: "s",
            queries: quantiles(
              "orderwire_store_call_duration_seconds",
              "area, operation",
              "{{area}} {{operation}}",
              'operation=~"save|load|claim|add|readOutbox"',
            ),
          },
          {
            title: "Store: errors",
            help: "unavailable: it was away. failed: it answered with an error that nobody expected.",
            unit: "reqps",
            queries: [
              [
                'sum by (area, operation, outcome) (rate(orderwire_store_calls_total{outcome!="ok"}[$__rate_interval]))',
                "{{area}} {{operation}} {{outcome}}",
              ],
            ],
          },
          {
            title: "Registry: calls",
            help: "Few: schemas are remembered.",
            unit: "reqps",
            queries: [
              [
                "sum by (service, operation, outcome) (rate(orderwire_registry_calls_total[$__rate_interval]))",
                "{{service}} {{operation}} {{outcome}}",
              ],
            ],
          },
          {
            title: "Registry: duration",
            help: "By operation.",
            unit: "s",
            queries: quantiles("orderwire_registry_call_duration_seconds", "service", "{{service}}"),
          },
          {
            title: "Kafka",
            help: "1 while a broker answers, and while a group is joined. Records that came again had no second effect.",
            unit: "short",
            queries: [
              ["min by (service) (orderwire_broker_connected)", "{{service}} connected"],
              ["min by (group) (orderwire_consumer_running)", "{{group}}"],
              ["sum(rate(orderwire_redelivered_records_total[$__rate_interval]))", "redelivered a second"],
            ],
          },
        ],
      },
      {
        title: "Processes",
        panels: [
          {
            title: "CPU",
            help: "1 is a whole core.",
            unit: "short",
            queries: [
              [
                'rate(process_cpu_seconds_total{service=~"cart|order"}[$__rate_interval])',
                "{{service}} {{instance}}",
              ],
            ],
          },
          {
            title: "Memory",
            help: "Resident.",
            unit: "bytes",
            queries: [['process_resident_memory_bytes{service=~"cart|order"}', "{{service}} {{instance}}"]],
          },
          {
            title: "Event loop delay",
            help: "How much later than asked for a timer fires.",
            unit: "s",
            queries: quantiles("orderwire_event_loop_delay_seconds", "service, instance", "{{service}}"),
          },
          {
            title: "Up since",
            help: "Seconds since each process began.",
            unit: "s",
            queries: [
              ['time() - process_start_time_seconds{service=~"cart|order"}', "{{service}} {{instance}}"],
            ],
          },
          {
            title: "Orders",
            help: "Stored, of systems A and B.",
            unit: "short",
            queries: [["max(orderwire_orders)", "orders"]],
          },
        ],
      },
    ],
  },
];

/** As Grafana imports it. */
export function grafanaDashboard({ uid, title, rows }: Dashboard) {
  let y = 0;
  let id = 0;
  const panels = rows.flatMap((row) => {
    const header = { id: (id += 1), type: "row", title: row.title, gridPos: { x: 0, y, w: 24, h: 1 } };
    y += 1;
    const placed = row.panels.map((panel, index) => {
      const place = { x: (index % 3) * 8, y: y + Math.floor(index / 3) * 8, w: 8, h: 8 };
      return { ...grafanaPanel(panel), id: (id += 1), gridPos: place };
    });
    y += Math.ceil(row.panels.length / 3) * 8;
    return [header, ...placed];
  });
  return {
    uid,
    title,
    tags: ["orderwire"],
    timezone: "",
    schemaVersion: 39,
    version: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: {
      list: [{ name: "datasource", label: "Data source", type: "datasource", query: "prometheus" }],
    },
    panels,
  };
}

const source = { type: "prometheus", uid: "${datasource}" };

function grafanaPanel({ title, help, unit, queries }: Panel) {
  return {
    type: "timeseries",
    title,
    description: help,
    datasource: source,
    fieldConfig: { defaults: { unit, min: 0, custom: { lineWidth: 1, fillOpacity: 10 } }, overrides: [] },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource: source,
      expr,
      legendFormat,
    })),
  };
}

export function dashboardPath({ uid }: Dashboard): string {
  return join(import.meta.dirname, "dashboards", `${uid}.json`);
}

export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(grafanaDashboard(dashboard), null, 2)}\n`;
}
