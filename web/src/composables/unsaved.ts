// What somebody has written and nothing keeps: asked about before the view is left.
import { onScopeDispose } from "vue";
import { onBeforeRouteLeave, onBeforeRouteUpdate, type RouteLocationNormalized } from "vue-router";
import { t } from "@/texts/en";
import { useConfirm } from "./confirm";

/**
 * Asks before the view is left while `isUnsaved()`. `stays(to)`: whether an address of the same view still shows what was
 * written. To be called in the setup of a component below a RouterView.
 */
export function useUnsaved(isUnsaved: () => boolean, stays: (to: RouteLocationNormalized) => boolean): void {
  const { confirm } = useConfirm();
  const ask = (): Promise<boolean> | boolean =>
    !isUnsaved() || confirm({ title: t.common.leaveTitle, text: t.common.leaveText, action: t.common.leaveAction, danger: true });
  function beforeUnload(event: BeforeUnloadEvent): void {
    if (isUnsaved()) event.preventDefault();
  }
  onBeforeRouteLeave(ask);
  onBeforeRouteUpdate((to) => stays(to) || ask());
  addEventListener("beforeunload", beforeUnload);
  onScopeDispose(() => removeEventListener("beforeunload", beforeUnload));
}
