// Errors of dynamic imports, which each browser words in its own way.

const kMessages = [
  /dynamically imported module/i, // Chromium, Firefox
  /importing a module script failed/i, // Safari
  /unable to preload css/i, // Vite
];

/** Whether a script or a style sheet of the page could not be fetched. */
export function isMissingScript(error: unknown): boolean {
  return error instanceof Error && kMessages.some((message) => message.test(error.message));
}
