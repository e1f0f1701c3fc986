import { describe, expect, it } from "vitest";
import { addToCurves, emptyCurves, thin, type Point } from "./curves";

describe("addToCurves", () => {
  it("takes the loss of training steps and the metrics of evaluations", () => {
    const curves = emptyCurves();
    addToCurves(curves, [
      { id: 1, type: "progress", work: "tokenize", done: 9, total: 9, loss: 9 },
      { id: 2, type: "progress", work: "train", done: 10, total: 40, loss: 0.7 },
      { id: 3, type: "evaluation", epoch: 1, step: 20, loss: 0.6, f1_macro: 0.8, accuracy: 0.9 },
      { id: 4, type: "progress", work: "train", done: 30, total: 40, loss: 0.3 },
    ]);
    expect(curves.loss).toEqual([
      [10, 0.7],
      [30, 0.3],
    ]);
    expect(curves.f1Macro).toEqual([[20, 0.8]]);
    expect(curves.validationLoss).toEqual([[20, 0.6]]);
    expect(curves.steps).toBe(40);
  });
  it("lets a resumed training go back to its checkpoint", () => {
    const curves = emptyCurves();
    for (const [id, done] of [10, 20, 30, 20, 25].entries()) {
      addToCurves(curves, [{ id, type: "progress", work: "train", done, total: 40, loss: id }]);
    }
    expect(curves.loss).toEqual([
      [10, 0],
      [20, 3],
      [25, 4],
    ]);
  });
  it("leaves out losses that are no numbers", () => {
    const curves = emptyCurves();
    addToCurves(curves, [{ id: 1, type: "progress", work: "train", done: 1, loss: NaN }]);
    expect(curves.loss).toEqual([]);
  });
});

describe("thin", () => {
  it("keeps ends and peaks", () => {
    const points: Point[] = Array.from({ length: 10_000 }, (_, x) => [x, x === 5000 ? 100 : Math.sin(x)]);
    const thinned = thin(points, 200);
    expect(thinned.length).toBeLessThanOrEqual(200);
    expect(thinned[0]).toEqual(points[0]);
    expect(thinned[thinned.length - 1]).toEqual(points[9999]);
    expect(thinned).toContainEqual([5000, 100]);
    expect(thinned.every((point, i) => i === 0 || point[0] > thinned[i - 1]![0])).toBe(true);
  });
  it("leaves short curves alone", () => {
    expect(thin([[1, 2]], 100)).toEqual([[1, 2]]);
  });
});
