// What the fine-tune form asks the server for.
import type { StartJob } from "@/api/jobs";

/** What a training starts from. Own models are those of the workspace. */
export type Start = "minilm" | "scratch" | "lr" | "svm" | (string & {});

export interface FineTuneForm {
  /** A base model's name, "scratch", "lr", "svm", or "own:NAME". */
  start: Start;
  epochs: number;
  data: string;
  /** Empty: none. */
  preset: string;
  /** Name of the model that is made. */
  name: string;
}

export const kDefaultEpochs = 5;
export const kMostEpochs = 20;
export const kLinear: readonly string[] = ["lr", "svm"];

/** The models that ./winnow knows by name; they are downloaded when they are first used. */
export const kBaseModels = [
  "minilm",
  "minilm-l12",
  "tinybert",
  "distilbert",
  "distilbert-multilingual",
  "bert",
  "roberta",
  "xlm-roberta",
  "deberta-small",
  "mpnet",
  "modernbert",
  "electra-small",
  "albert",
  "bge-m3",
] as const;

export const kPresets = ["email-triage", "hate-speech", "intents", "sms-spam", "toxicity"] as const;

export const isLinear = (start: string): boolean => kLinear.includes(start);

export function clampEpochs(value: number): number {
  if (!Number.isFinite(value)) return kDefaultEpochs;
  return Math.min(kMostEpochs, Math.max(1, Math.round(value)));
}

/** A name of a model that the server takes. */
export function modelName(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "")
    .slice(0, 64);
}

export function isModelName(name: string): boolean {
  return name !== "" && name === modelName(name);
}

/** "messages.tsv" by minilm -> "messages-minilm": says what it was made of and from. */
export function suggestedName(data: string, start: string): string {
  const stem = data.replace(/\.(csv|tsv|jsonl?|txt)?(\.gz)?$/i, "");
  return modelName(`${stem}-${start.replace(/^own:/, "")}`) || "model";
}

/** The request that starts the training. `reading`: how the data file is read, as options of a job. */
export function trainingOf(form: FineTuneForm, reading: Readonly<Record<string, string | boolean>> = {}): StartJob {
  const options: Record<string, string | number | boolean> = { ...reading };
  if (isLinear(form.start)) {
    options.kind = form.start;
  } else {
    options["base-model"] = form.start.replace(/^own:/, "");
    options.epochs = clampEpochs(form.epochs);
  }
  if (form.preset !== "") options.preset = form.preset;
  return { kind: "train", data: form.data, model: form.name, options };
}
