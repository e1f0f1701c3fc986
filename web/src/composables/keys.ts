// Keys of the keyboard, which never act while somebody types.
import { onMounted, onUnmounted } from "vue";

/** Whether keys that are typed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=combobox],[role=listbox]") !== null;
}

/** Calls `handler` with each key press outside of inputs and dialogs, without Ctrl, Alt and Meta; true means that it was used. */
export function useKeys(handler: (key: string, event: KeyboardEvent) => boolean | void): void {
  function press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event.target)) return;
    if (document.querySelector("[role=dialog],[role=alertdialog],[data-sign-in]")) return;
    if (handler(event.key, event)) event.preventDefault();
  }
  onMounted(() => addEventListener("keydown", press));
  onUnmounted(() => removeEventListener("keydown", press));
}
