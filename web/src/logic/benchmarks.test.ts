import { describe, expect, it } from "vitest";
import { bestOf, labelsOf, ranked, rightOf100, runOf, speed, type BenchmarkRun } from "./benchmarks";

const model = (name: string, f1: number | null, perClass: Record<string, number> = {}) => ({
  name,
  f1_macro: f1,
  accuracy: f1,
  ms_per_text: 1,
  per_class: perClass,
});
const run = (...models: BenchmarkRun["models"]): BenchmarkRun => ({ id: "1", time: "", data: "a.csv", heldOut: false, models });

describe("ranked", () => {
  it("has the best first and failures last", () => {
    const models = ranked(run(model("c", null), model("a", 0.5), model("b", 0.9)));
    expect(models.map((each) => each.name)).toEqual(["b", "a", "c"]);
  });
  it("has no best where none was measured", () => {
    expect(bestOf(run(model("c", null)))).toBeNull();
    expect(bestOf(run())).toBeNull();
    expect(bestOf(run(model("a", 0)))?.name).toBe("a");
  });
});

describe("labelsOf", () => {
  it("has the labels on which models differ most first", () => {
    const one = run(model("a", 1, { x: 0.9, y: 0.5, z: 0.8 }), model("b", 1, { x: 0.9, y: 0.9 }));
    expect(labelsOf(one)).toEqual(["y", "z", "x"]);
    expect(labelsOf(one, 1)).toEqual(["y"]);
  });
});

describe("words", () => {
  it("have the digits that matter", () => {
    expect([12.3, 1.26, 0.154, 0.0042, 0.0004, 0].map(speed)).toEqual(["12 ms", "1.3 ms", "0.15 ms", "4.2 µs", "0.4 µs", "0 ms"]);
  });
  it("never promise that all are right where one is wrong", () => {
    expect([0, 0.004, 0.5, 0.999, 1].map(rightOf100)).toEqual([0, 0, 50, 99, 100]);
  });
});

describe("runOf", () => {
  const json = {
    id: "9",
    time: "2026-01-01T00:00:00Z",
    data: "a.csv",
    models: [
      { name: "a", f1_macro: 0.9, accuracy: 0.95, ms_per_text: 2, per_class: { x: 0.9, y: null } },
      { name: "b", error: { message: "no weights" } },
    ],
  };
  it("reads lists, in which a model may have failed and a label may have no F1", () => {
    const run = runOf(json);
    expect(run.models[0]).toEqual({ name: "a", f1_macro: 0.9, accuracy: 0.95, ms_per_text: 2, per_class: { x: 0.9 } });
    expect(run.models[1]).toMatchObject({ f1_macro: null, error: "no weights" });
  });
  it("knows whether trainings hold out the texts", () => {
    expect([undefined, null, "test" as const].map((part) => runOf({ ...json, part }).heldOut)).toEqual([false, false, true]);
  });
  it("takes the intervals of the whole comparison", () => {
    const run = runOf({ ...json, comparison: { models: [{ name: "a", intervals: { f1_macro: [0.8, 0.95] } }, { name: "b" }] } });
    expect(run.models.map((model) => model.interval)).toEqual([[0.8, 0.95], undefined]);
  });
});
