import { describe, expect, it } from "vitest";
import { driftSummary } from "./driftReport";

const report = {
  model: "spam",
  version: "1.0.0",
  timestamp: "2026-11-28T20:15:00Z",
  drift: true,
  errors_drift: false,
  verdict: "The texts have changed.",
  reference: { texts: 516, source: "calibration set" },
  current: { texts: 3000, source: "labelled_data.csv", redacted: 12 },
  estimated: { reference: {}, current: { accuracy: { value: 0.97, interval: [0.963, 0.975] }, fpr: { value: 0.008, interval: null } } },
  measures: { label_distance: { value: 0.082, limit: 0.1, chance: 0.034, drift: false }, domain_auc: { value: 0.977, limit: 0.6, drift: true, interval: [0.97, 0.98] } },
  words: { current: [{ words: "crypto payout", reference: 0, current: 0.1 }], reference: [] },
};

describe("a report", () => {
  it("is read as far as the page shows it", () => {
    expect(driftSummary(report)).toEqual({
      verdict: "The texts have changed.",
      model: "spam 1.0.0",
      time: "2026-11-28T20:15:00Z",
      drift: true,
      errorsDrift: false,
      texts: { reference: 516, current: 3000, redacted: 12 },
      estimated: [
        { name: "accuracy", value: 0.97, interval: [0.963, 0.975] },
        { name: "fpr", value: 0.008, interval: null },
      ],
      measures: [
        { name: "label_distance", value: 0.082, limit: 0.1, chance: 0.034, drift: false },
        { name: "domain_auc", value: 0.977, limit: 0.6, drift: true },
      ],
      newWords: ["crypto payout"],
    });
  });

  it("may lack parts", () => {
    expect(driftSummary({ verdict: "No drift." })).toMatchObject({ texts: null, estimated: [], measures: [], newWords: [] });
  });

  it("is not made of anything else", () => {
    expect(driftSummary(null)).toBeUndefined();
    expect(driftSummary([report])).toBeUndefined();
    expect(driftSummary({ measures: {} })).toBeUndefined();
  });
});
