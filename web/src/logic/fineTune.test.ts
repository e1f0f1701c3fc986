import { describe, expect, it } from "vitest";
import { clampEpochs, isModelName, modelName, suggestedName, trainingOf } from "./fineTune";

const form = { start: "minilm", epochs: 5, data: "messages.tsv", preset: "", name: "spam" };

describe("trainingOf", () => {
  it("fine-tunes a base model", () => {
    expect(trainingOf(form)).toEqual({
      kind: "train",
      data: "messages.tsv",
      model: "spam",
      options: { "base-model": "minilm", epochs: 5 },
    });
  });
  it("trains linear models, which have no epochs", () => {
    expect(trainingOf({ ...form, start: "svm", preset: "sms-spam" }).options).toEqual({ kind: "svm", preset: "sms-spam" });
  });
  it("goes on from a model of one's own, and reads the file as it was shown", () => {
    expect(trainingOf({ ...form, start: "own:spam", epochs: 99 }, { delimiter: ";" }).options).toEqual({
      "base-model": "spam",
      epochs: 20,
      delimiter: ";",
    });
  });
});

describe("clampEpochs", () => {
  it("stays between 1 and 20", () => {
    expect([0, 1, 7.4, 21, NaN].map(clampEpochs)).toEqual([1, 1, 7, 20, 5]);
  });
});

describe("names", () => {
  it("say what a model was made of", () => {
    expect(suggestedName("messages.tsv", "minilm")).toBe("messages-minilm");
    expect(suggestedName("Größe 1.csv.gz", "own:spam")).toBe("Gro-e-1-spam");
    expect(suggestedName("رسائل.csv", "lr")).toBe("lr");
  });
  it("are ones that the server takes", () => {
    expect(modelName("../a b")).toBe("a-b");
    expect(isModelName("a-b")).toBe(true);
    expect(isModelName("a b")).toBe(false);
    expect(isModelName("")).toBe(false);
  });
});
