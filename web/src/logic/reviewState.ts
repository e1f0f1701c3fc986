/** What a review session needs of the server, and what it shows. */

import type { LabelAnswer, LabelDecision, NextItems, ReviewItem, ReviewStats, UndoAnswer } from "@/api/review";

/** The requests of a review, made for one set, queue and reviewer. */
export interface ReviewRequests {
  next(count: number): Promise<NextItems>;
  label(decisions: LabelDecision[], count: number): Promise<LabelAnswer>;
  undo(): Promise<UndoAnswer>;
}

export interface Decision {
  item: ReviewItem;
  /** The label, or null if the text was skipped. */
  label: string | null;
}

export interface Refusal {
  decision: Decision;
  message: string;
}

/** What a page shows. The session sets its fields and changes no array in place, so it may be a shallowly reactive object. */
export interface SessionState {
  current: ReviewItem | null;
  ahead: ReviewItem[];
  unsent: Decision[];
  stats: ReviewStats | null;
  /** Texts that have no decision yet; null before the first answer. */
  left: number | null;
  /** The first texts are being fetched, or the buffer has run empty. */
  waiting: boolean;
  /** The server has texts left, but other reviewers have them in hand. */
  held: boolean;
  /** Why no server answers; null while one does. */
  lost: string | null;
  refusal: Refusal | null;
  /** Counts how often the model was fitted anew. */
  refits: number;
  /** What the last undo brought back: the label, or null for a skipped text; undefined if the last action was no undo. */
  undone: string | null | undefined;
  nothingToUndo: boolean;
}

export function emptyState(): SessionState {
  return {
    current: null,
    ahead: [],
    unsent: [],
    stats: null,
    left: null,
    waiting: true,
    held: false,
    lost: null,
    refusal: null,
    refits: 0,
    undone: undefined,
    nothingToUndo: false,
  };
}

/** The server understood the request and says no; anything else may succeed when tried again. */
export function isRefusal(error: unknown): boolean {
  const status = (error as { status?: unknown } | null)?.status;
  return typeof status === "number" && status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
}

/** The request of one decision. */
export function toRequest(decision: Decision): LabelDecision {
  return decision.label === null
    ? { item: decision.item.item, skip: true }
    : { item: decision.item.item, label: decision.label };
}
