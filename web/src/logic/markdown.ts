// Model cards as HTML. Markup in a card stays text, and its links lead to the web alone.
import { micromark } from "micromark";
import { gfmTable, gfmTableHtml } from "micromark-extension-gfm-table";

/** Without the metadata at its beginning, which is for programs. */
export const withoutFrontMatter = (card: string): string => card.replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, "");

export function htmlOf(markdown: string): string {
  return micromark(withoutFrontMatter(markdown), { allowDangerousHtml: false, allowDangerousProtocol: false, extensions: [gfmTable()], htmlExtensions: [gfmTableHtml()] });
}
