// What READMEs and docs say is there: every link, and every test that a promise names.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const pages = [...new Bun.Glob("**/*.md").scanSync({ cwd: root })].filter(
  (page) => !page.includes("node_modules/"),
);

describe.each(pages)("%s", (page) => {
  test("links only to what is there", async () => {
    const text = await Bun.file(join(root, page)).text();
    for (const [, link = "", anchor] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)/g)) {
      const target = link === "" ? join(root, page) : join(root, dirname(page), link);
      expect([link, existsSync(target)]).toEqual([link, true]);
      if (anchor !== undefined) expect(anchorsOf(await Bun.file(target).text())).toContain(anchor);
    }
  });
});

/** What a page's headings are called in links to them. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("docs/guarantees.md names tests that exist, at least one for each promise", async () => {
  const text = await Bun.file(join(root, "docs/guarantees.md")).text();
  const promises = text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (Promise|---)/.test(line));
  expect(promises.length).toBeGreaterThan(15);
  for (const promise of promises) {
    const shown = [...promise.matchAll(/\]\(([^)]+\.test\.ts|[^)]+\.spec\.ts)\): "([^"]+)"/g)];
    expect(shown.length).toBeGreaterThan(0);
    for (const [, file = "", name = ""] of shown) {
      const source = await Bun.file(join(root, "docs", file)).text();
      expect([file, name, source.includes(name)]).toEqual([file, name, true]);
    }
  }
});

test("every page is named by the index, and the index by the README", async () => {
  const index = await Bun.file(join(root, "docs/README.md")).text();
  for (const page of new Bun.Glob("*.md").scanSync({ cwd: join(root, "docs") })) {
    if (page !== "README.md") expect([page, index.includes(`](${page})`)]).toEqual([page, true]);
  }
  expect(await Bun.file(join(root, "README.md")).text()).toContain("](docs/README.md)");
});
