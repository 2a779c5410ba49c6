import { expect, test } from "bun:test";
import { withSection } from "./marked-section.ts";

test("only what stands between a section's marks is replaced", () => {
  const text = "# A\n<!-- x -->\nold\n<!-- /x -->\nB\n<!-- y -->\n<!-- /y -->\n";
  expect(withSection(text, "x", "new $& \n")).toBe(text.replace("old", () => "new $& "));
  expect(withSection(text, "y", "z")).toBe(
    "# A\n<!-- x -->\nold\n<!-- /x -->\nB\n<!-- y -->\nz\n<!-- /y -->\n",
  );
});

test("a file without the section is refused", () => {
  expect(() => withSection("# A\n<!-- x -->\nopen for ever", "x", "new")).toThrow("<!-- x -->");
});
