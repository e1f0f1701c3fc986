/** Long texts: how much of one is shown at first, and in which pieces the rest is, so that the page stays quick. */

const kShownAtFirst = 3000;
const kPiece = 8000;

export interface ShownText {
  /** The text in pieces that follow one another without anything between. */
  pieces: string[];
  /** Number of characters that are not shown. */
  hidden: number;
}

/** Whether cutting at `at` would part a surrogate pair, that is, one character such as an emoji. */
function partsCharacter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return at > 0 && code >= 0xdc00 && code <= 0xdfff;
}

/** The first characters of a text, about `length` of them; no character is cut in two. */
export const beginningOf = (text: string, length: number): string => text.slice(0, partsCharacter(text, length) ? length - 1 : length);

/** Where to cut at `wanted` or a little before: behind a line end, or a space, if there is one near. */
function cutNear(text: string, wanted: number): number {
  if (wanted >= text.length) return text.length;
  for (const [end, farthest] of [
    ["\n", 1500],
    [" ", 200],
  ] as const) {
    const at = text.lastIndexOf(end, wanted - 1);
    if (at > wanted - farthest && at > 0) return at + 1;
  }
  return partsCharacter(text, wanted) ? wanted - 1 : wanted;
}

/** `text` as it is shown: its beginning, or all of it if `whole`. */
export function shownText(text: string, whole: boolean): ShownText {
  // Somewhat more than a screen is not cut for the sake of a few words.
  const end = whole || text.length <= kShownAtFirst * 1.2 ? text.length : cutNear(text, kShownAtFirst);
  const pieces: string[] = [];
  for (let from = 0; from < end;) {
    const to = Math.min(end, cutNear(text, from + kPiece));
    pieces.push(text.slice(from, to));
    from = to;
  }
  return { pieces, hidden: text.length - end };
}
