// What operators rely on when something is wrong: alerts that fire, a runbook that has a paragraph for each, commands in it that
// exist. That the metrics exist is shown on a running product: metrics.embedded.test.ts.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { usage } from "../cli/dlq-arguments.ts";
import { operatorSagaRoutes } from "../contract/dialects/operator-sagas.ts";
import { operatorRoutes } from "../contract/dialects/operator.ts";
import { replayRoutes } from "../contract/dialects/replays.ts";
import { opsFolder, readAlertRules } from "./alert-rules.ts";
import { dashboardPath, dashboards, dashboardText } from "./dashboards.ts";

const rules = readAlertRules();
const runbook = readFileSync(join(opsFolder, "runbook.md"), "utf8");
const paragraphs = new Map(
  runbook
    .split(/^### /m)
    .slice(1)
    .map((paragraph) => {
      const [title = "", ...lines] = paragraph.split("\n");
      return [title, lines.join("\n")] as const;
    }),
);
const promtool = Bun.which("promtool");

describe("alert rules", () => {
  test("every alert names its place in the runbook, which says what it means, what to look at and what to do", () => {
    for (const { alert, annotations } of rules) {
      expect(annotations.runbook_url).toBe(`ops/runbook.md#${alert.toLowerCase()}`);
      const paragraph = paragraphs.get(alert) ?? "";
      for (const part of ["**Means**", "**Look**", "**Do**"])
        expect(`${alert} ${paragraph}`).toContain(`- ${part} `);
    }
    expect(paragraphs.size).toBe(rules.length);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  test("every alert has a unit test that makes it fire and one that does not", () => {
    const tests = readFileSync(join(opsFolder, "alerts.test.yml"), "utf8");
    for (const { alert } of rules) {
      expect(tests).toContain(`name: ${alert} fires\n`);
      expect(tests).toContain(`name: ${alert} stays silent\n`);
    }
  });

  test.skipIf(promtool === null)(
    "pass their unit tests (needs promtool: apt install prometheus)",
    () => {
      const { exitCode, stdout, stderr } = Bun.spawnSync(
        [promtool ?? "", "test", "rules", "alerts.test.yml"],
        {
          cwd: opsFolder,
        },
      );
      expect({ exitCode, output: `${stdout.toString()}${stderr.toString()}` }).toMatchObject({ exitCode: 0 });
    },
    120_000,
  );

  test.skipIf(promtool === null)("and the scrape configuration can be loaded (needs promtool)", () => {
    const { exitCode, stderr } = Bun.spawnSync([promtool ?? "", "check", "config", "prometheus.yml"], {
      cwd: opsFolder,
    });
    expect({ exitCode, stderr: stderr.toString() }).toMatchObject({ exitCode: 0 });
  });
});

describe("the runbook", () => {
  test("links only to paragraphs that exist", () => {
    for (const [, anchor = ""] of runbook.matchAll(/\]\(#([a-z0-9-]+)\)/g))
      expect([...paragraphs.keys()].map((title) => title.toLowerCase())).toContain(anchor);
  });

  test("names only routes, commands and files that exist", () => {
    const routes = [...operatorRoutes, ...operatorSagaRoutes, ...replayRoutes].map(({ path }) =>
      path.replace(/\{[^}]*\}/, "<id>"),
    );
    const named = [...runbook.matchAll(/(?:order|GET |POST )(\/ops\/[a-z/<>-]+)/g)];
    expect(named.length).toBeGreaterThan(5);
    for (const [, path = ""] of named) expect(routes).toContain(path);
    const commands = [...runbook.matchAll(/`bun run dlq -- ([a-z]+)/g)];
    expect(commands.length).toBeGreaterThan(4);
    for (const [, command = ""] of commands)
      expect(usage).toMatch(new RegExp(`(^ {2}|\\| )${command} `, "m"));
    for (const [, file = ""] of runbook.matchAll(/`bun ([a-z/-]+\.ts)`/g))
      expect(`${file} ${existsSync(join(opsFolder, "..", file))}`).toBe(`${file} true`);
  });
});

describe("dashboards", () => {
  test("are what ops/dashboards.ts says (else: bun run dashboards)", () => {
    for (const dashboard of dashboards)
      expect(readFileSync(dashboardPath(dashboard), "utf8")).toBe(dashboardText(dashboard));
  });

  test("have a name for everything, and each panel says what it shows", () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    for (const { rows } of dashboards) {
      for (const { panels } of rows) {
        for (const { title, help, queries } of panels) {
          expect([title, help].every((text) => text.length > 2)).toBeTrue();
          expect(queries.length).toBeGreaterThan(0);
        }
      }
    }
  });
});
