// State that lives in the URL. A view that is left, or about to be, no longer changes the address.
import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter, type LocationQueryRaw } from "vue-router";
import { useStillHere } from "./stillHere";

/** A query parameter as text; empty is the same as absent. Changes replace the entry of the history, unless `push`. */
export function useQueryText(name: string, fallback = "", options: { push?: boolean } = {}): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  const isHere = useStillHere();
  return computed({
    get() {
      const value = route.query[name];
      return typeof value === "string" ? value : fallback;
    },
    set(value: string) {
      if (!isHere()) return;
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
  const isHere = useStillHere();
  return async (changes) => {
    if (!isHere()) return;
    const query: LocationQueryRaw = { ...route.query };
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined || value === "") delete query[name];
      else query[name] = value;
    }
    await router.replace({ query });
  };
}
