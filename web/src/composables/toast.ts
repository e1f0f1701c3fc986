// Short notes at the edge of the page, with a way back.
import { readonly, ref } from "vue";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "good" | "bad";
  /** The way back, offered for as long as the note is there. */
  undo: (() => unknown) | null;
  /** How long it is shown; Infinity: until it is closed. */
  seconds: number;
}

const toasts = ref<Toast[]>([]);
let last = 0;

/** An error is shown until it is read and closed, or until something succeeds. */
function secondsOf(tone: Toast["tone"], hasUndo: boolean): number {
  if (tone === "bad") return Infinity;
  return hasUndo ? 20 : 6;
}

function show(text: string, options: { tone?: Toast["tone"]; undo?: () => unknown } = {}): number {
  const id = ++last;
  const undo = options.undo ?? null;
  const tone = options.tone ?? "plain";
  const others = toasts.value.filter((toast) => toast.tone !== "bad" || (tone !== "good" && toast.text !== text));
  toasts.value = [...others, { id, text, tone, undo, seconds: secondsOf(tone, undo !== null) }].slice(-3);
  return id;
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function useToast() {
  return { toasts: readonly(toasts), show, dismiss };
}
