// Something done again and again while the page is seen.
import { onScopeDispose } from "vue";

/** An answer that takes longer is no longer waited for. */
const kPatience = 60_000;

/**
 * Calls `action` every so many seconds, not while the tab is hidden, and at once when it is shown again. It isn't called again
 * while it is under way: each call would end the request of the one before, and a slow server would never be heard.
 */
export function useInterval(seconds: number, action: () => unknown): void {
  let began: number | null = null;
  async function shown(): Promise<void> {
    const now = performance.now();
    if (document.hidden || (began !== null && now - began < kPatience)) return;
    began = now;
    await action();
    if (began === now) began = null;
  }
  const timer = setInterval(shown, seconds * 1000);
  document.addEventListener("visibilitychange", shown);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", shown);
  });
}
