import { describe, expect, it } from "vitest";
import type { ServedModel } from "@/api/models";
import { formerOf, means } from "./switches";

const model = (name: string, changes: Partial<ServedModel> = {}): ServedModel => ({
  name,
  version: "1.0.0",
  aliases: ["champion"],
  kind: "lr",
  weights: "linear",
  labels: [],
  positive_label: "",
  text_template: "",
  default: false,
  state: "loaded",
  size_bytes: 0,
  memory_bytes: 0,
  metrics: {},
  path: name,
  last_used: null,
  ...changes,
});
const to = (name: string) => ({ time: "2026-11-29T12:00:00Z", model: name, by: "" });

describe("the former model", () => {
  it("is the last one that isn't the default now", () => {
    const models = [model("a", { default: true }), model("b"), model("c")];
    expect(formerOf([to("a:1.0.0"), to("c"), to("b")], models)?.name).toBe("c");
  });
  it("is none where it is gone, or fails", () => {
    expect(formerOf([to("a"), to("b")], [model("a", { default: true })])).toBeNull();
    expect(formerOf([to("a"), to("b")], [model("a", { default: true }), model("b", { state: "failed" })])).toBeNull();
    expect(formerOf([], [model("a", { default: true }), model("b")])).toBeNull();
  });
  it("may be named by version or alias", () => {
    expect(means("a@champion", model("a"))).toBe(true);
    expect(means("a:2.0.0", model("a"))).toBe(false);
  });
});
