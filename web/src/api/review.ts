// Review: labelling texts one at a time, with a model that learns meanwhile.
import { get, post, remove, segment } from "./http";
import type { ReadingOptions } from "./data";

export type ItemId = string | number;

export interface ScoredLabel {
  label: string;
  score: number;
}

export interface ReviewItem {
  item: ItemId;
  text: string;
  fields?: Record<string, string>;
  /** What the model would say; null in blind queues, and before there is a model. */
  suggestion: ScoredLabel | null;
  scores: ScoredLabel[];
  queue: string;
  /** Why this text comes now, in words. */
  reason: string;
  /** The label that the data file gives the text. */
  given: string | null;
  /** The near-duplicates of the text. */
  cluster: { id: number; size: number } | null;
  /** How long no other reviewer gets the text. */
  lease_seconds: number;
}

export interface ReviewStats {
  labelled: number;
  skipped: number;
  f1_macro: number | null;
  /** The confidence interval of f1_macro. */
  low: number | null;
  high: number | null;
  next: { labels: number; gain: number } | null;
  per_label: Record<string, number>;
  /** The above in words. */
  sentence: string;
}

export interface ReviewSet {
  set: string;
  data: string;
  labels: string[];
  total: number;
  labelled: number;
  model: string | null;
  created: string;
}

export interface ReviewSetState {
  set: string;
  state: "preparing" | "ready" | "failed";
  /** Texts whose features are computed. */
  prepared: number;
  total: number;
  labels: string[];
  labelled: number;
  stats: ReviewStats | null;
  /** What was measured so far. */
  curve: { labels: number; f1_macro: number }[];
  queues: { name: string; count: number }[];
  features: string;
  error?: string;
}

export interface NewReviewSet {
  set: string;
  data: string;
  labels?: string[];
  features?: string;
  model?: string;
  challenger?: string;
  seeds?: Record<string, string[]>;
  multi?: boolean;
}

export interface LabelDecision {
  item: ItemId;
  label?: string;
  skip?: true;
}

export interface NextItems {
  items: ReviewItem[];
  /** Texts that have no decision yet. */
  left: number;
}

export interface LabelAnswer extends NextItems {
  stats: ReviewStats;
  /** Whether the model was fitted anew. */
  refitted: boolean;
}

export interface UndoAnswer {
  /** null when nothing is left to undo. */
  item: ReviewItem | null;
  /** The label that was taken back, or "skip". */
  was: string;
  stats: ReviewStats;
}

export interface ReviewGroup {
  id: number | string;
  label: string | null;
  size: number;
  items: ReviewItem[];
}

export type GroupsBy = "duplicates" | "suggestion";

export interface ExportOptions {
  /** Of the data file. */
  name: string;
  /** Whether texts that nobody has labelled keep the label of the data. */
  with_given: boolean;
  replace: boolean;
}

/** Whose decisions on which queue of which set. */
export interface ReviewPlace {
  set: string;
  queue: string;
  reviewer: string;
}

const path = (set: string): string => `/v1/review/${segment(set)}`;

export const listReviews = (signal?: AbortSignal): Promise<{ sets: ReviewSet[] }> => get("/v1/review", {}, signal);
export const createReview = (
  set: NewReviewSet,
  options: ReadingOptions = {},
): Promise<{ set: string; total: number }> => post("/v1/review", { ...set, ...options });
export const reviewState = (set: string, signal?: AbortSignal): Promise<ReviewSetState> => get(path(set), {}, signal);
export const removeReview = (set: string): Promise<unknown> => remove(path(set));
export const restoreReview = (set: string): Promise<unknown> => post(`${path(set)}/restore`);
export const nextItems = (place: ReviewPlace, count: number): Promise<NextItems> =>
  get("/v1/review/next", { ...place, count });
export const sendLabels = (place: ReviewPlace, labels: LabelDecision[], count: number): Promise<LabelAnswer> =>
  post("/v1/review/label", { ...place, labels, count });
export const undoLabel = ({ set, reviewer }: ReviewPlace): Promise<UndoAnswer> =>
  post("/v1/review/undo", { set, reviewer });
export const reviewGroups = (set: string, reviewer: string, by: GroupsBy, limit = 20): Promise<{ groups: ReviewGroup[] }> =>
  get("/v1/review/groups", { set, reviewer, by, limit });
export const addLabels = (set: string, add: string[]): Promise<unknown> => post(`${path(set)}/labels`, { add });
export const exportReview = (set: string, how: ExportOptions): Promise<{ data: string; texts: number }> =>
  post(`${path(set)}/export`, how);
