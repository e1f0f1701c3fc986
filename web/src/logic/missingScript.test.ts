import { expect, test } from "vitest";
import { isMissingScript } from "./missingScript";

test("the errors of Chromium, Firefox, Safari and Vite are recognized, others are not", () => {
  const messages = [
    "Failed to fetch dynamically imported module: http://localhost/ui/assets/DataView-1.js",
    "error loading dynamically imported module: http://localhost/ui/assets/DataView-1.js",
    "Importing a module script failed.",
    "Unable to preload CSS for /ui/assets/uploads-1.css",
  ];
  for (const message of messages) expect(isMissingScript(new TypeError(message))).toBe(true);
  expect(isMissingScript(new Error("x is undefined"))).toBe(false);
  expect(isMissingScript("Importing a module script failed.")).toBe(false);
});
