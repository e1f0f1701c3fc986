import { beforeEach, expect, test } from "vitest";
import { useToast } from "./toast";

const { toasts, show, dismiss } = useToast();
const shown = () => toasts.value.map(({ text, seconds }) => [text, seconds]);

beforeEach(() => {
  for (const { id } of [...toasts.value]) dismiss(id);
});

test("an error stays until it is closed, other notes go by themselves", () => {
  show("The name is taken.", { tone: "bad" });
  show("Copied.");
  show("The file was deleted.", { undo: () => undefined });
  expect(shown()).toEqual([
    ["The name is taken.", Infinity],
    ["Copied.", 6],
    ["The file was deleted.", 20],
  ]);
});

test("an error is shown once, and goes when something succeeds", () => {
  show("The name is taken.", { tone: "bad" });
  show("The name is taken.", { tone: "bad" });
  expect(shown()).toHaveLength(1);
  show("The model is ready.", { tone: "good" });
  expect(shown()).toEqual([["The model is ready.", 6]]);
});
