import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useToast } from "./toast";

const { toasts, show, dismiss, leaveView } = useToast();
const shown = () => toasts.value.map(({ text, seconds }) => [text, seconds]);
const texts = () => toasts.value.map(({ text }) => text);
const undo = () => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  for (const { id } of [...toasts.value]) dismiss(id);
});
afterEach(() => {
  vi.useRealTimers();
});

test("an error and a way back stay until they are closed, other notes go by themselves", () => {
  show("The name is taken.", { tone: "bad" });
  show("The file was deleted.", { undo });
  show("Copied.");
  expect(shown()).toEqual([
    ["The name is taken.", Infinity],
    ["The file was deleted.", Infinity],
    ["Copied.", 6],
  ]);
});

test("an error is shown once, and goes when something succeeds", () => {
  show("The name is taken.", { tone: "bad" });
  show("The name is taken.", { tone: "bad" });
  expect(shown()).toHaveLength(1);
  show("The model is ready.", { tone: "good" });
  expect(shown()).toEqual([["The model is ready.", 6]]);
});

test("a note that goes by itself makes room first, then the oldest way back, then the oldest error", () => {
  show("first deleted", { undo });
  show("error 1", { tone: "bad" });
  show("second deleted", { undo });
  show("Copied.");
  expect(texts()).toEqual(["first deleted", "error 1", "second deleted", "Copied."]);
  show("third deleted", { undo });
  expect(texts()).toEqual(["error 1", "second deleted", "third deleted"]);
  show("error 2", { tone: "bad" });
  show("error 3", { tone: "bad" });
  expect(texts()).toEqual(["error 1", "error 2", "error 3"]);
  show("fourth deleted", { undo });
  expect(texts()).toEqual(["error 2", "error 3", "fourth deleted"]);
});

test("a way back follows to the view that is opened next, not to later ones; errors do", () => {
  show("The file was deleted.", { undo });
  show("The name is taken.", { tone: "bad" });
  leaveView();
  expect(texts()).toEqual(["The file was deleted.", "The name is taken."]);
  vi.advanceTimersByTime(60_000);
  expect(texts()).toEqual(["The file was deleted.", "The name is taken."]);
  leaveView();
  expect(texts()).toEqual(["The name is taken."]);
});
