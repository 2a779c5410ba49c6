import { describe, expect, test } from "bun:test";
import { readJunitReport } from "./junit-report.ts";

const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="5">
  <testsuite name="a.test.ts" file="a.test.ts" tests="5">
    <testcase name="plain" classname="" time="0" />
    <testcase name="a &amp; &lt;b&gt; &quot;c&quot;" classname="inner &gt; outer" time="0" assertions="0" />
    <testcase name="left out" classname="outer" time="0">
      <skipped />
    </testcase>
    <testcase name="wrong" classname="outer" time="0">
      <failure type="AssertionError" message="1 &gt; 2">says &lt;skipped /&gt;</failure>
    </testcase>
    <testcase name="after" classname="outer" time="0" />
  </testsuite>
</testsuites>`;

describe("readJunitReport", () => {
  test("gives every case its outcome and its blocks, outermost first", () => {
    expect(readJunitReport(report)).toEqual([
      { name: "plain", outcome: "passed" },
      { name: 'outer > inner > a & <b> "c"', outcome: "passed" },
      { name: "outer > left out", outcome: "skipped" },
      { name: "outer > wrong", outcome: "failed" },
      { name: "outer > after", outcome: "passed" },
    ]);
  });

  test("gives the cases before the cut of a file that a crash cut off", () => {
    expect(readJunitReport(report.slice(0, report.indexOf("<skipped")))).toHaveLength(2);
  });

  test("finds nothing in an empty file", () => {
    expect(readJunitReport("")).toEqual([]);
  });
});
