import { expect, test } from "vitest";
import { homeName } from "./navigation";

test("each role begins with what it may do", () => {
  expect(homeName("admin", true)).toBe("start");
  expect(homeName("admin", false)).toBe("start");
  expect(homeName("feedback", true)).toBe("review");
  expect(homeName("feedback", false)).toBe("try");
  expect(homeName("classify", true)).toBe("try");
});
