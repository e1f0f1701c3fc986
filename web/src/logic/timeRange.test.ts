import { describe, expect, it } from "vitest";
import { inputOfTime, isTimeRange, serverTime, timeBounds, timeOfInput } from "./timeRange";

const now = new Date("2026-11-29T12:00:00.250Z");

describe("timeBounds", () => {
  it("has no bounds for all of the time", () => {
    expect(timeBounds("all", now)).toEqual({});
  });

  it("begins so long before now as the range says", () => {
    expect(timeBounds("hour", now)).toEqual({ since: "2026-11-29T11:00:00Z" });
    expect(timeBounds("day", now)).toEqual({ since: "2026-11-28T12:00:00Z" });
    expect(timeBounds("week", now)).toEqual({ since: "2026-11-22T12:00:00Z" });
    expect(timeBounds("month", now)).toEqual({ since: "2026-10-30T12:00:00Z" });
  });

  it("leaves out a bound of a custom range that is not complete", () => {
    const bounds = timeBounds("custom", now, "2026-11-29T", "2026-11-29T10:00");
    expect(bounds).toEqual({ until: serverTime(new Date("2026-11-29T10:00")) });
  });

  it("ignores the inputs of a custom range for other ranges", () => {
    expect(timeBounds("all", now, "2026-11-29T10:00", "2026-11-29T11:00")).toEqual({});
  });
});

describe("inputs", () => {
  it("give back the time that they were made of", () => {
    const time = new Date(2026, 0, 5, 7, 3);
    expect(inputOfTime(time)).toBe("2026-01-05T07:03");
    expect(timeOfInput(inputOfTime(time))?.getTime()).toBe(time.getTime());
  });

  it("are refused if they name no time", () => {
    expect(timeOfInput("")).toBeUndefined();
    expect(timeOfInput("yesterday")).toBeUndefined();
    expect(timeOfInput("2026-13-45T99:00")).toBeUndefined();
  });
});

it("knows the names of ranges", () => {
  expect(isTimeRange("week")).toBe(true);
  expect(isTimeRange("year")).toBe(false);
  expect(isTimeRange(["week"])).toBe(false);
});
