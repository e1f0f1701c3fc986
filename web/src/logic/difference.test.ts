import { describe, expect, it } from "vitest";
import type { WorkspaceModelDetails } from "@/api/models";
import { labelsThatDiffer, mayBeChance, settingsThatDiffer } from "./difference";

const model = (hyperparameters: Record<string, unknown>, configuration: Record<string, unknown> = {}): WorkspaceModelDetails => ({
  name: "m",
  card: "",
  manifest: {},
  training_info: { hyperparameters, configuration },
});

describe("the difference of two models", () => {
  it("is what was set differently, also inside, and what only one has", () => {
    const rows = settingsThatDiffer(
      model({ kind: "lr", C: 10, seed: 42, inner: { folds: 10 }, list: [{ x: 1 }] }, { augment: false }),
      model({ kind: "svm", C: 10, seed: 42, inner: { folds: 5 }, epochs: 3 }, { augment: true }),
    );
    expect(rows.map(({ name, a, b }) => [name, a, b])).toEqual([
      ["kind", "lr", "svm"],
      ["inner.folds", "10", "5"],
      ["augment", "no", "yes"],
      ["epochs", "–", "3"],
    ]);
  });
  it("names labels that one doesn't know", () => {
    expect(labelsThatDiffer(["ham", "spam"], ["spam", "scam"])).toEqual({ onlyA: ["ham"], onlyB: ["scam"] });
  });
  it("may be chance where the intervals overlap", () => {
    expect(mayBeChance([0.9, 0.95], [0.94, 0.99])).toBe(true);
    expect(mayBeChance([0.8, 0.85], [0.94, 0.99])).toBe(false);
    expect(mayBeChance(undefined, [0.94, 0.99])).toBeNull();
  });
});
