/**
 * The keys of the review: what a key does, and which key stands for which label. Keys act only when nothing else would use
 * them: not in text fields, not with a modifier, not on a focused button that Enter or Space would press.
 */

export type ReviewAction =
  | { kind: "label"; label: string }
  | { kind: "accept" }
  | { kind: "skip" }
  | { kind: "undo" }
  | { kind: "search"; query: string }
  | { kind: "bulk" };

/** The part of a KeyboardEvent that decides. */
export interface KeyPress {
  key: string;
  /** The place of the key: "KeyJ". */
  code?: string;
  ctrlKey?: boolean;
  altKey?: boolean;
  metaKey?: boolean;
  repeat?: boolean;
  isComposing?: boolean;
}

/** What has the focus: a control that takes text, one that Enter and Space press, or neither. */
export type FocusKind = "text" | "button" | "page";

const kMostNumbers = 9;

/** The key of each label: F and J for two labels, 1 to 9 otherwise; labels behind the ninth have none. */
export function keysOfLabels(labels: readonly string[]): Map<string, string> {
  const keys = labels.length === 2 ? ["F", "J"] : Array.from({ length: kMostNumbers }, (_, i) => String(i + 1));
  const map = new Map<string, string>();
  labels.forEach((label, i) => {
    const key = keys[i];
    if (key !== undefined) map.set(label, key);
  });
  return map;
}

/** Kind of the element that has the focus. */
export function focusKindOf(
  element: { tagName: string; type?: string; isContentEditable?: boolean } | null,
): FocusKind {
  if (!element) return "page";
  const tag = element.tagName.toLowerCase();
  if (element.isContentEditable || tag === "textarea" || tag === "select") return "text";
  if (tag === "input") return element.type === "checkbox" || element.type === "radio" ? "button" : "text";
  return tag === "button" || tag === "a" || tag === "summary" ? "button" : "page";
}

/**
 * The key as on a Latin keyboard: with another script, F is the key at its place. Not where letters are searched for (`more`),
 * since they then belong to names of labels.
 */
function latinLetter(press: KeyPress, more: boolean): string {
  const isOther = /^\p{L}$/u.test(press.key) && !/^\p{Script=Latin}$/u.test(press.key);
  return isOther && !more && press.code?.startsWith("Key") ? press.code.slice(3) : press.key;
}

/**
 * What `press` does where the labels `shown` have buttons; null if the key has no meaning. `more`: there are labels without a
 * button.
 */
export function actionOf(
  press: KeyPress,
  shown: readonly string[],
  more: boolean,
  focus: FocusKind,
): ReviewAction | null {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing || focus === "text") return null;
  // A key that is held down would label texts that nobody has read; only undo may repeat.
  if (press.repeat && press.key !== "Backspace") return null;
  if (focus === "button" && (press.key === "Enter" || press.key === " ")) return null;
  switch (press.key) {
    case "Enter":
      return { kind: "accept" };
    case " ":
      return { kind: "skip" };
    case "Backspace":
      return { kind: "undo" };
    case "/":
      return { kind: "search", query: "" };
  }
  const upper = latinLetter(press, more).toUpperCase();
  for (const [label, key] of keysOfLabels(shown)) {
    if (key === upper) return { kind: "label", label };
  }
  if (upper === "G") return { kind: "bulk" };
  // Where digits do not reach all labels, a letter begins to search.
  if (more && /^\p{L}$/u.test(press.key)) return { kind: "search", query: press.key };
  return null;
}
