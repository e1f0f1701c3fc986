import { describe, expect, it } from "vitest";
import type { ServedModel, WorkspaceModel } from "@/api/models";
import { modelRows } from "./modelRows";

const served = (name: string, changes: Partial<ServedModel> = {}): ServedModel => ({
  name,
  version: "1.0.0",
  aliases: [],
  kind: "lr",
  weights: "linear",
  labels: ["a", "b"],
  positive_label: "b",
  text_template: "",
  default: false,
  state: "loaded",
  size_bytes: 1,
  memory_bytes: 1,
  metrics: { accuracy: 0.9 },
  path: name,
  last_used: null,
  ...changes,
});
const own = (name: string, changes: Partial<WorkspaceModel> = {}): WorkspaceModel => ({ name, labels: ["a"], accuracy: 0.8, ...changes });

describe("the list of models", () => {
  it("joins what is served with the workspace by the directory", () => {
    const rows = modelRows([served("spam", { path: "spam-2" }), served("elsewhere")], [own("spam-2"), own("unloaded")]);
    expect(rows.map((row) => [row.name, row.directory])).toEqual([
      ["elsewhere", null],
      ["spam", "spam-2"],
      ["unloaded", "unloaded"],
    ]);
    expect(rows[2]?.metrics).toEqual({ accuracy: 0.8 });
  });
  it("begins with the default and ends with what can't be used", () => {
    const rows = modelRows([served("a", { state: "failed", error: "truncated" }), served("b"), served("z", { default: true })], [own("broken", { error: "no whole model" })]);
    expect(rows.map((row) => row.name)).toEqual(["z", "b", "a", "broken"]);
    expect(rows[2]?.error).toBe("truncated");
  });
});
