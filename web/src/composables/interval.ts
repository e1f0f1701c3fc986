// Something done again and again while the page is seen.
import { onScopeDispose } from "vue";

/** Calls `action` every so many seconds, not while the tab is hidden, and at once when it is shown again. */
export function useInterval(seconds: number, action: () => unknown): void {
  const timer = setInterval(() => document.hidden || action(), seconds * 1000);
  const shown = (): void => void (document.hidden || action());
  document.addEventListener("visibilitychange", shown);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", shown);
  });
}
