// Short notes at the edge of the page, with a way back.
import { readonly, ref } from "vue";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "good" | "bad";
  /** The way back, offered for as long as the note is there. */
  undo: (() => unknown) | null;
  seconds: number;
}

const toasts = ref<Toast[]>([]);
let last = 0;

function show(text: string, options: { tone?: Toast["tone"]; undo?: () => unknown; seconds?: number } = {}): number {
  const id = ++last;
  const undo = options.undo ?? null;
  toasts.value = [...toasts.value, { id, text, tone: options.tone ?? "plain", undo, seconds: options.seconds ?? (undo ? 12 : 6) }].slice(-3);
  return id;
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

export function useToast() {
  return { toasts: readonly(toasts), show, dismiss };
}
