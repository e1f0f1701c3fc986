// Why a message is spam or not: the symbols of a verdict, ordered, weighed and named.

export interface VerdictSymbol {
  name: string;
  score: number;
}

export type ReasonKind =
  "rule" | "model" | "listAllow" | "listDeny" | "senderUser" | "senderAll" | "memorySpam" | "memoryHam" | "empty";

export interface Reason {
  name: string;
  kind: ReasonKind;
  score: number;
  /** Length of the bar, from 0 to 1; the strongest reason has 1. */
  share: number;
  says: "spam" | "ham" | "nothing";
}

const kinds: ReadonlyMap<string, ReasonKind> = new Map<string, ReasonKind>([
  ["CLASSIFIER", "model"],
  ["SENDER_ALLOWED", "listAllow"],
  ["SENDER_DENIED", "listDeny"],
  ["SENDER_USER", "senderUser"],
  ["SENDER_ALL", "senderAll"],
  ["MEMORY_SPAM", "memorySpam"],
  ["MEMORY_HAM", "memoryHam"],
  ["EMPTY_MESSAGE", "empty"],
]);

/** Below this, a score is shown as 0. */
const smallestShown = 0.005;

function direction(score: number): Reason["says"] {
  if (Math.abs(score) < smallestShown) return "nothing";
  return score > 0 ? "spam" : "ham";
}

/** Returns the kind of a symbol; what is not a symbol of the filter itself is a rule. */
export function kindOfSymbol(name: string): ReasonKind {
  return kinds.get(name) ?? "rule";
}

/** Returns the reasons of a verdict, the strongest first; those that say nothing come last, in their order. */
export function reasonsOf(symbols: readonly VerdictSymbol[]): Reason[] {
  const most = Math.max(...symbols.map((symbol) => Math.abs(symbol.score)), 0);
  const reasons = symbols.map(({ name, score }): Reason => {
    const share = most < smallestShown ? 0 : Math.abs(score) / most;
    return { name, kind: kindOfSymbol(name), score, share, says: direction(score) };
  });
  return reasons.sort((a, b) => b.share - a.share);
}

/** Returns the reason that speaks most for the verdict, or undefined if none does. */
export function mainReason(reasons: readonly Reason[], isSpam: boolean): Reason | undefined {
  return reasons.find((reason) => reason.says === (isSpam ? "spam" : "ham"));
}

/** Returns log-odds as a probability. */
export function probabilityOf(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}
