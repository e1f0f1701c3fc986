// Classifying texts.
import { post } from "./http";

export type Mode = "strict" | "moderate" | "lenient";

export interface Score {
  label: string;
  score: number;
}

export interface WordEffect {
  text: string;
  /** In code points. */
  begin: number;
  end: number;
  effect: number;
  score_change: number;
}

export interface Explanation {
  label: string;
  method: "linear" | "occlusion";
  score: number;
  base: number;
  words: WordEffect[];
  /** The text that positions refer to, if it isn't the one that was sent. */
  text?: string;
  words_in_effect?: number;
  unread_words?: number;
}

export interface Prediction {
  label: string;
  score: number;
  confidence: number;
  scores: Score[];
  /** Several labels for multi-label models. */
  decision: string | string[];
  abstained: boolean;
  threshold?: number;
  out_of_scope?: boolean;
  scope_score?: number;
  nearest_label?: string;
  explanation?: Explanation;
}

export interface Classified {
  id: string;
  model: string;
  version: string;
  results: Prediction[];
}

export interface ClassifyRequest {
  texts: string[];
  model?: string;
  mode?: Mode;
  top_k?: number;
  explain?: boolean;
}

/** Texts of a trial stay out of the server's caches. */
export const classify = (body: ClassifyRequest, signal?: AbortSignal): Promise<Classified> =>
  post("/v1/classify", { ...body, cache: "no-store" }, {}, signal);
