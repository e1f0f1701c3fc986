import { expect, test } from "vitest";
import { kDoubleClickMs, PressGuard } from "./pressGuard";

test("the second press of a double click is not meant, and neither is the third of a triple click", () => {
  const guard = new PressGuard();
  expect([0, 200, 400].map((time) => guard.isMeant(time))).toEqual([true, false, false]);
});

test("presses with time to read between them are all meant", () => {
  const guard = new PressGuard();
  expect([0, 1, 2, 3].map((n) => guard.isMeant(n * kDoubleClickMs))).toEqual([true, true, true, true]);
});
