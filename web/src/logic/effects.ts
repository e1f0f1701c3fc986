// A text in pieces, colored by the effect that each word had on a decision.
import type { Explanation, WordEffect } from "@/api/classify";

export interface Piece {
  text: string;
  /** For the decision above 0, against it below; 0 for what lies between words, and for words without effect. */
  effect: number;
  /** The effect relative to the largest one, -1 to 1. */
  strength: number;
}

/** Positions of the server count code points; those of JavaScript's strings count UTF-16 units. */
export function piecesOf(text: string, words: readonly WordEffect[]): Piece[] {
  const points = Array.from(text);
  const largest = words.reduce((most, word) => Math.max(most, Math.abs(word.effect)), 0);
  const pieces: Piece[] = [];
  let at = 0;
  const plain = (end: number): void => {
    if (end > at) pieces.push({ text: points.slice(at, end).join(""), effect: 0, strength: 0 });
  };
  for (const word of [...words].sort((a, b) => a.begin - b.begin)) {
    if (word.begin < at || word.end > points.length || word.end <= word.begin) continue; // another text's
    plain(word.begin);
    pieces.push({
      text: points.slice(word.begin, word.end).join(""),
      effect: word.effect,
      strength: largest > 0 ? word.effect / largest : 0,
    });
    at = word.end;
  }
  plain(points.length);
  return pieces;
}

/** The words with the largest effects, for and against, strongest first; each word once. */
export function strongest(explanation: Explanation, limit = 5): { for: string[]; against: string[] } {
  const sorted = [...explanation.words].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const pick = (sign: number): string[] => [...new Set(sorted.filter((word) => word.effect * sign > 0).map((word) => word.text))].slice(0, limit);
  return { for: pick(1), against: pick(-1) };
}
