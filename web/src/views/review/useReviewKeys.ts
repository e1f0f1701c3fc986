// Keys of the review. They come before those of the page, since G means something else there.
import { onMounted, onUnmounted } from "vue";
import { actionOf, focusKindOf, type ReviewAction } from "@/logic/reviewKeys";

export interface KeysNow {
  /** The labels that have buttons, in the order of their keys. */
  shown: readonly string[];
  /** Whether there are labels without a button. */
  more: boolean;
  /** Off: only keys that no letter or digit is. */
  letters: boolean;
}

/** Calls `act` for each key that means something; not while a dialog is open. */
export function useReviewKeys(now: () => KeysNow, act: (action: ReviewAction) => void): void {
  function press(event: KeyboardEvent): void {
    if (document.querySelector("[role=dialog],[role=alertdialog],[data-sign-in]")) return;
    const { shown, more, letters } = now();
    if (!letters && /^[\p{L}\p{N}?/]$/u.test(event.key)) return;
    const focused = document.activeElement;
    const kind = focused?.closest("[role=combobox],[role=listbox]") ? "text" : focusKindOf(focused as HTMLElement | null);
    const action = actionOf(event, shown, more, kind);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    act(action);
  }
  onMounted(() => addEventListener("keydown", press, { capture: true }));
  onUnmounted(() => removeEventListener("keydown", press, { capture: true }));
}
