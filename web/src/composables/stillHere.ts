// Whether a view is still the one that somebody looks at. What comes late must not pull them back from where they went.
import { onScopeDispose } from "vue";
import type { RouteLocationNormalized, RouteLocationRaw, Router } from "vue-router";
import { useRouter } from "vue-router";

/** The view that is on its way: its script may take seconds to come. */
let next: RouteLocationNormalized | null = null;

/** To be called once, by who makes the router. */
export function watchLeaving(router: Router): void {
  router.beforeEach((to, from) => {
    next = to.path === from.path ? null : to;
  });
  router.afterEach((to) => {
    if (next === to) next = null;
  });
  router.onError(() => (next = null));
}

/** Returns whether the component is shown and nobody is about to leave its view. */
export function useStillHere(): () => boolean {
  let gone = false;
  onScopeDispose(() => (gone = true));
  return () => !gone && next === null;
}

/** Goes on to another address at the end of an action, unless somebody has gone elsewhere meanwhile. */
export function useGoOn(): (to: RouteLocationRaw) => Promise<void> {
  const router = useRouter();
  const isHere = useStillHere();
  return async (to) => {
    if (isHere()) await router.push(to);
  };
}
