// Something fetched from the server, with its state.
import { onScopeDispose, readonly, ref, shallowRef, watch, type WatchSource } from "vue";
import { ApiError, isAborted } from "@/api/http";

/** Fetches at once, whenever one of `sources` changes, and on `reload`. What was fetched stays while it is fetched again. */
export function useLoad<T>(fetcher: (signal: AbortSignal) => Promise<T>, sources: WatchSource[] = []) {
  const data = shallowRef<T | null>(null);
  const error = shallowRef<unknown>(null);
  const loading = ref(false);
  let controller: AbortController | null = null;

  async function reload(): Promise<void> {
    controller?.abort();
    const current = new AbortController();
    controller = current;
    loading.value = true;
    try {
      const result = await fetcher(current.signal);
      if (controller !== current) return;
      data.value = result;
      error.value = null;
    } catch (thrown) {
      if (controller !== current || isAborted(thrown)) return;
      // The session has ended. What is shown stays, with what was written there, until the same person has signed in again.
      if (thrown instanceof ApiError && thrown.status === 401 && data.value !== null) return;
      error.value = thrown;
    } finally {
      if (controller === current) loading.value = false;
    }
  }

  if (sources.length > 0) watch(sources, () => void reload());
  onScopeDispose(() => {
    controller?.abort();
    controller = null;
  });
  void reload();
  return { data, error: readonly(error), loading: readonly(loading), reload };
}
