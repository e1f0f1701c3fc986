// State that lives in the URL.
import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter, type LocationQueryRaw } from "vue-router";

/** A query parameter as text; empty is the same as absent. Changes replace the entry of the history, unless `push`. */
export function useQueryText(name: string, fallback = "", options: { push?: boolean } = {}): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get() {
      const value = route.query[name];
      return typeof value === "string" ? value : fallback;
    },
    set(value: string) {
      const query: LocationQueryRaw = { ...route.query };
      if (value === "" || value === fallback) delete query[name];
      else query[name] = value;
      void (options.push ? router.push({ query }) : router.replace({ query }));
    },
  });
}

/** Changes several query parameters at once. */
export function useSetQuery(): (changes: Record<string, string | undefined>) => Promise<unknown> {
  const route = useRoute();
  const router = useRouter();
  return (changes) => {
    const query: LocationQueryRaw = { ...route.query };
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined || value === "") delete query[name];
      else query[name] = value;
    }
    return router.replace({ query });
  };
}
