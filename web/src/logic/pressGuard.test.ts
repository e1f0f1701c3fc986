import { expect, test } from "vitest";
import { kDoubleClickMs, PressGuard } from "./pressGuard";

const press = (timeStamp: number) => ({ detail: 1, timeStamp });

test("the second press of a double click is not meant, and neither is the third of a triple click", () => {
  const guard = new PressGuard();
  expect([0, 200, 400].map((time) => guard.isMeant(press(time)))).toEqual([true, false, false]);
});

test("presses with time to read between them are all meant", () => {
  const guard = new PressGuard();
  expect([0, 1, 2, 3].map((n) => guard.isMeant(press(n * kDoubleClickMs)))).toEqual([true, true, true, true]);
});

test("a press that was made before the next thing was shown, and is handled later, is not meant", () => {
  const guard = new PressGuard();
  expect(guard.isMeant(press(0))).toBe(true);
  guard.show(900);
  expect([800, 1300].map((time) => guard.isMeant(press(time)))).toEqual([false, true]);
});

test("keys are always meant", () => {
  const guard = new PressGuard();
  guard.show(900);
  expect([0, 1].map((timeStamp) => guard.isMeant({ detail: 0, timeStamp }))).toEqual([true, true]);
});
