// The curves of a training: loss by step, and the metrics of the validation texts after each evaluation.
import type { NumberedEvent } from "@/api/jobs";

export type Point = [x: number, y: number];

export interface Curves {
  loss: Point[];
  validationLoss: Point[];
  f1Macro: Point[];
  accuracy: Point[];
  /** Steps of the whole training, if known. */
  steps: number;
}

export function emptyCurves(): Curves {
  return { loss: [], validationLoss: [], f1Macro: [], accuracy: [], steps: 0 };
}

/** A training that was resumed from a checkpoint repeats steps: what it says last about a step counts. */
function put(points: Point[], x: number, y: unknown): void {
  if (typeof y !== "number" || !Number.isFinite(y)) return;
  while (points.length > 0 && points[points.length - 1]![0] >= x) points.pop();
  points.push([x, y]);
}

/** Adds what events say to curves, in place. */
export function addToCurves(curves: Curves, events: readonly NumberedEvent[]): void {
  for (const event of events) {
    if (event.type === "progress" && event.work === "train") {
      if (event.total) curves.steps = event.total;
      put(curves.loss, event.done, event.loss);
    } else if (event.type === "evaluation") {
      const x = event.step ?? event.epoch;
      if (x === undefined) continue;
      put(curves.validationLoss, x, event.loss);
      put(curves.f1Macro, x, event.f1_macro);
      put(curves.accuracy, x, event.accuracy);
    }
  }
}

/**
 * Returns at most `most` points of a curve, with the highest and the lowest of each stretch, so that peaks stay.
 * The first and the last point are always there.
 */
export function thin(points: readonly Point[], most: number): Point[] {
  if (points.length <= most || most < 4) return points.slice();
  const inner = points.slice(1, -1);
  const buckets = Math.max(1, Math.floor((most - 2) / 2));
  const kept: Point[] = [points[0]!];
  for (let bucket = 0; bucket < buckets; bucket++) {
    const part = inner.slice(Math.floor((bucket * inner.length) / buckets), Math.floor(((bucket + 1) * inner.length) / buckets));
    if (part.length === 0) continue;
    const low = part.reduce((a, b) => (b[1] < a[1] ? b : a));
    const high = part.reduce((a, b) => (b[1] > a[1] ? b : a));
    kept.push(...(low === high ? [low] : low[0] < high[0] ? [low, high] : [high, low]));
  }
  kept.push(points[points.length - 1]!);
  return kept;
}
