import { describe, expect, it } from "vitest";
import { htmlOf } from "./markdown";

describe("model cards", () => {
  it("have headings, tables and no metadata", () => {
    const html = htmlOf("---\nlicense: unknown\n---\n\n# `spam`\n\n| part | texts |\n| --- | ---: |\n| training | 420 |\n");
    expect(html).toContain("<h1><code>spam</code></h1>");
    expect(html).toContain("<td>training</td>");
    expect(html).not.toContain("license");
  });
  it("can't bring scripts or styles", () => {
    const html = htmlOf('<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) <b style="x">y</b>');
    expect(html).not.toMatch(/<(script|img|b)\b/);
    expect(html).not.toContain("javascript:");
  });
});
