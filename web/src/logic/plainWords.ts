// Messages of the server in the words of the page: they name options of the program, which the page calls otherwise.
import { columnsTexts, optionTexts } from "@/texts/en/options";
import { upperFirst } from "./format";

// "--label-field" as the command line writes it, "option 'label-field'" as requests do. Where the server speaks of a file, it leaves
// the hyphens out: only names of two words can be told from other words then.
const kOption = /(^|[\s(])(?:--([a-z][a-z-]*)|option '([a-z][a-z-]*)'|(text-field|label-field|label-map))(?=$|[\s,;:).])/g;
/** What makes "the" superfluous: "a smaller --lr", "another --format". */
const kArticle = /\b(?:an?|another)(?: \w+)?$/;
const kBothColumns = (() => {
  const option = (name: string): string => `(?:--|option ')?${name}'?`;
  const value = String.raw`('[^']*'|"[^"]*"|[^\s;]+)`;
  return new RegExp(`pass ${option("text-field")} ${value} ${option("label-field")} ${value}`, "g");
})();
/** A command that is to be run elsewhere. */
const kCommand = /(\b(?:winnow|eval) [^;]*)/;

function withoutOptions(text: string): string {
  return text
    .replace(kBothColumns, (_whole, ofText: string, ofLabel: string) => columnsTexts.choose(ofText, ofLabel))
    .replace(kOption, (whole, before: string, typed: string | undefined, quoted: string | undefined, bare: string | undefined, at: number, all: string) => {
      const words = optionTexts[typed ?? quoted ?? bare ?? ""];
      if (words === undefined) return whole;
      return before + (kArticle.test(all.slice(0, at)) ? words.replace(/^the /, "") : words);
    });
}

/** The message with the options that the page knows in its words. Commands stay as they are. */
export const plainWords = (message: string): string =>
  message
    .split(kCommand)
    .map((part, index) => (index % 2 === 1 ? part : withoutOptions(part)))
    .join("");

/** A message in plain words as a sentence: with a capital letter, unless it begins with the name of a file, and a full stop. */
export function plainSentence(message: string): string {
  const words = plainWords(message.trim());
  if (words === "") return "";
  const begun = /^\S*[.:_\d]/.test(words) ? words : upperFirst(words);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
