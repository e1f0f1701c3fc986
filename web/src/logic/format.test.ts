import { describe, expect, it } from "vitest";
import { ago, bytes, count, duration, metric, milliseconds, percent, plural, probability, upperFirst } from "./format";

describe("numbers for people", () => {
  it("groups thousands", () => expect(count(1234567)).toBe("1,234,567"));
  it("begins a sentence", () => {
    expect(upperFirst("the model")).toBe("The model");
    expect(upperFirst("élan")).toBe("Élan");
    expect(upperFirst("5 texts")).toBe("5 texts");
  });
  it("knows one from many", () => {
    expect(plural(1, "text")).toBe("1 text");
    expect(plural(0, "text")).toBe("0 texts");
    expect(plural(2, "entry", "entries")).toBe("2 entries");
  });
  it("writes shares without needless zeros", () => {
    expect(percent(0.975)).toBe("97.5 %");
    expect(percent(1)).toBe("100 %");
    expect(percent(0.0034)).toBe("0.3 %");
    expect(percent(0.5, 0)).toBe("50 %");
    expect(percent(Number.NaN)).toBe("–");
  });
  it("doesn't call a probability certain", () => {
    expect(probability(0.9999998)).toBe("> 99.9 %");
    expect(probability(0.00002)).toBe("< 0.1 %");
    expect(probability(0.5)).toBe("50 %");
    expect(probability(1)).toBe("> 99.9 %");
    expect(probability(0.9991)).toBe("99.9 %");
  });
  it("writes metrics as the field does", () => {
    expect(metric(0.9737)).toBe(".974");
    expect(metric(1)).toBe("1.000");
    expect(metric(-0.25)).toBe("-.250");
    expect(metric(null)).toBe("–");
  });
  it("writes sizes", () => {
    expect(bytes(999)).toBe("999 bytes");
    expect(bytes(91_619_396)).toBe("91.6 MB");
    expect(bytes(1000)).toBe("1.0 KB");
  });
  it("writes times", () => {
    expect(milliseconds(0.41)).toBe("0.4 ms");
    expect(milliseconds(12.4)).toBe("12 ms");
    expect(milliseconds(1340)).toBe("1.3 s");
    expect(duration(0.3)).toBe("less than a second");
    expect(duration(45)).toBe("45 s");
    expect(duration(200)).toBe("3 min");
    expect(duration(4800)).toBe("1 h 20 min");
    expect(duration(7200)).toBe("2 h");
  });
  it("says how long ago something was", () => {
    const now = Date.UTC(2026, 10, 29, 12);
    expect(ago("2026-11-29T11:55:00Z", now)).toBe("5 minutes ago");
    expect(ago(now / 1000 - 86_400, now)).toBe("yesterday");
    expect(ago("nonsense", now)).toBe("–");
  });
  it("says of times that lie ahead, by a clock that is slow, no nonsense", () => {
    const now = new Date(2026, 10, 29, 12).getTime();
    expect(ago(now / 1000 + 40, now)).toBe("now");
    expect(ago(now / 1000 + 3 * 3600, now)).toMatch(/^Nov 29, 2026, 3:00\sPM$/);
  });
});
