import { expect, test } from "vitest";
import { plainSentence, plainWords } from "./plainWords";

test("options have the words of the page, however the server writes them", () => {
  expect(plainWords("a classifier needs two labels; check option 'label-field' and option 'filter'")).toBe(
    "a classifier needs two labels; check the column of the label and the filter of the rows",
  );
  expect(plainWords("reduce --batch-size or --max-length")).toBe("reduce the batch size or the maximum length of the texts");
  expect(plainWords("specify text-field and label-field; its columns are: id, subject")).toBe(
    "specify the column of the text and the column of the label; its columns are: id, subject",
  );
});

test("columns that are proposed are proposed in a sentence", () => {
  const message = "if so, pass option 'text-field' 'the subject' option 'label-field' id; if not, pass option 'text-field' 2 option 'label-field' 1";
  expect(plainWords(message)).toBe(
    "if so, choose 'the subject' as the column of the text and id as that of the label; if not, choose 2 as the column of the text and 1 as that of the label",
  );
  expect(plainWords("if so, pass text-field subject label-field id")).toBe("if so, choose subject as the column of the text and id as that of the label");
});

test("other options, values and commands stay as they are", () => {
  for (const message of [
    "option 'analyzer' is word or char",
    "specify --skip-bad-rows",
    "no column 'format' for the label",
    "no column 'label-field' for the label",
    "it has no filter",
    "fine-tune it first: winnow train DATA --base-model minilm",
  ]) {
    expect(plainWords(message)).toBe(message);
  }
  expect(plainWords("run winnow train --format csv; or choose another --format")).toBe("run winnow train --format csv; or choose another format of the file");
  expect(plainWords("train again with a lower --lr")).toBe("train again with a lower learning rate");
});

test("a message becomes a sentence, but a name of a file keeps its letters", () => {
  expect(plainSentence("no base model is there; choose another one")).toBe("No base model is there; choose another one.");
  expect(plainSentence("option 'metric': it must be a name")).toBe("The metric: it must be a name.");
  expect(plainSentence("few.csv: no row has a label")).toBe("few.csv: no row has a label.");
  expect(plainSentence("messages: no row has a label")).toBe("messages: no row has a label.");
  expect(plainSentence("Is it still running?")).toBe("Is it still running?");
  expect(plainSentence(" ")).toBe("");
});
