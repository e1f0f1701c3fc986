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
  /** When it was shown, in milliseconds since 1970. */
  since: number;
}

const kSeconds = 6;
/** So many notes are shown at once, and one more that goes by itself. */
const kMost = 3;
/** A way back can be used in the views that are opened so soon after it was offered; it does not follow to later ones. */
const kFollowsSeconds = 20;

const toasts = ref<Toast[]>([]);
let last = 0;

/** The notes that are kept beside a new one: those that go by themselves make room first, then the oldest ways back, then the oldest errors. */
function kept(notes: readonly Toast[], newStays: boolean): Toast[] {
  const staying = notes.filter((toast) => toast.seconds === Infinity);
  const leastFirst = [
    ...notes.filter((toast) => toast.seconds !== Infinity),
    ...staying.filter((toast) => toast.undo !== null),
    ...staying.filter((toast) => toast.undo === null),
  ];
  // A note that goes by itself pushes none out that stays.
  const most = newStays ? kMost - 1 : Math.max(kMost - 1, staying.length);
  const going = new Set(leastFirst.slice(0, Math.max(0, notes.length - most)));
  return notes.filter((toast) => !going.has(toast));
}

/** What says that something went wrong or offers a way back is read and used at anybody's pace: it stays until it is closed. */
function show(text: string, options: { tone?: Toast["tone"]; undo?: () => unknown } = {}): number {
  const id = ++last;
  const undo = options.undo ?? null;
  const tone = options.tone ?? "plain";
  const seconds = tone === "bad" || undo !== null ? Infinity : kSeconds;
  // An error also goes when something succeeds, and is shown once.
  const others = toasts.value.filter((toast) => toast.tone !== "bad" || (tone !== "good" && toast.text !== text));
  toasts.value = [...kept(others, seconds === Infinity), { id, text, tone, undo, seconds, since: Date.now() }];
  return id;
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** To be called when another view has been opened: a way back that was offered in views before goes. */
function leaveView(): void {
  const earliest = Date.now() - kFollowsSeconds * 1000;
  toasts.value = toasts.value.filter((toast) => toast.undo === null || toast.since > earliest);
}

export function useToast() {
  return { toasts: readonly(toasts), show, dismiss, leaveView };
}
