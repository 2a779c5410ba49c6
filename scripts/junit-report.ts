// Promises the outcome of every test case in a JUnit file as `bun test --reporter=junit` writes it: counted from the
// cases, not from printed text, so a test that prints "0 fail" changes nothing.

export interface TestCase {
  /** The describe blocks, outermost first, and the test: `order > details > answers 404`. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

/** Empty when the text holds no test case; a file that was cut off half-way yields the cases before the cut. */
export function readJunitReport(xml: string): readonly TestCase[] {
  const cases: TestCase[] = [];
  for (const [, attributes = "", content = ""] of xml.matchAll(
    /<testcase\b([^>]*?)(?:\/>|>(.*?)<\/testcase>)/gs,
  )) {
    cases.push({ name: nameOf(attributes), outcome: outcomeOf(content) });
  }
  return cases;
}

function outcomeOf(content: string): TestCase["outcome"] {
  if (/<(?:failure|error)\b/.test(content)) return "failed";
  return /<skipped\b/.test(content) ? "skipped" : "passed";
}

/** Bun writes the describe blocks as `inner > outer`. */
function nameOf(attributes: string): string {
  const blocks = attribute(attributes, "classname").split(" > ").filter(Boolean).toReversed();
  return [...blocks, attribute(attributes, "name")].join(" > ");
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
}
