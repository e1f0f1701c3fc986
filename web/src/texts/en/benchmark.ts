// Texts of the Benchmark view.
import { plural } from "@/logic/format";

export const benchmarkTexts = {
  title: "Benchmark",
  lead: "All models on the same texts: which one is right most often, and how fast it is.",

  // Badges
  tuned: "Fine-tuned models",
  badge: (f1: string) => `macro-F1 ${f1}`,
  badgeHint: (texts: number | null, base: string | null) =>
    `Macro-F1 on the validation texts${texts === null ? "" : `; trained on ${plural(texts, "text")}`}${base === null || base === "" ? "" : `; made from ${base}`}`,

  // Charts
  latest: "Latest benchmark",
  run: "Benchmark",
  on: (data: string) => `on ${data}`,
  best: (name: string, right: number) => `${name} is best: of 100 texts about ${right} get the right label.`,
  only: (name: string, right: number) => `${name}: of 100 texts about ${right} get the right label.`,
  noneMeasured: "No model could be measured on these texts.",
  bestMetric: (f1: string, interval: string, accuracy: string) => `macro-F1 ${f1}${interval}, accuracy ${accuracy}`,
  interval: (low: string, high: string) => ` (95 % confidence interval ${low} to ${high})`,
  f1: "Macro-F1: higher is better",
  f1Name: "Macro-F1",
  perClass: "F1 of each label",
  perClassSome: (shown: number, all: number) => `F1 of each label: the ${shown} of ${all} on which the models differ most`,
  speed: "Time per text: lower is faster",
  speedName: "Time per text",
  model: "Model",
  notMeasured: (name: string, error: string) => `${name} could not be measured: ${error}`,
  showLatest: "Show the latest",

  // Run
  runTitle: "Measure all models",
  runText: "Every model of the workspace classifies the texts of one file. Use texts that no model was trained on, otherwise the metrics are too good.",
  runData: "Texts to measure on",
  runAction: "Run the benchmark",
  runDone: "The benchmark is done.",
  trainedOn: (data: string) =>
    `Some of the texts of ${data} may have been trained on. Metrics are then better than they will be on new texts. For a fair comparison, measure on a file of its own.`,

  // Empty
  emptyTitle: "No benchmark yet",
  empty: "Train a model below. It is measured by itself afterwards.",
  noDataTitle: "There is no data yet",
  noData: "A model learns from texts with labels. Add a file first.",
  addData: "Add data",
  startTraining: "Train a model",

  // Fine-tune
  fineTune: "Fine-tune a model",
  fineTuneLead: "Train a model on your texts. Afterwards all models are measured, and the charts above are updated.",
  start: "Start from",
  groups: { recommended: "Recommended", linear: "Linear, ready in seconds", other: "Other base models", own: "Your models" },
  starts: {
    minilm: "MiniLM (English, small, good)",
    scratch: "From scratch (no base model, small)",
    lr: "Logistic regression",
    svm: "Support vector machine",
  } as Record<string, string>,
  startHint: (start: string): string => kStartHints[start] ?? (start.startsWith("own:") ? kStartHints.own! : kStartHints.base!),
  epochs: "Epochs",
  epochsHint: "How often the model reads all texts. 5 is a good start; the best epoch is kept.",
  noEpochs: "Linear models need no epochs.",
  data: "Data",
  preset: "Preset",
  noPreset: "None",
  presetHint: "Settings that suit a kind of data.",
  name: "Name of the new model",
  nameHint: "Letters, digits, dots and hyphens.",
  nameWrong: "A name has letters, digits, dots, underscores and hyphens, and begins with a letter or digit.",
  nameTaken: (name: string) => `There is a model ${name}. It will be replaced when the training is done.`,
  dataReady: (texts: number, labels: number) => `${plural(texts, "text")}, ${plural(labels, "label")}`,
  dataWrong: "This file can't be used for training:",
  dataLook: "Look at the file",
  dataFew: "A training needs at least two labels.",
  action: "Run",
  starting: "Starting",
  another: "Another training",
  done: (name: string) => `${name} is ready.`,
  tryIt: "Try it",
  details: "Show the model",
  lossChart: "Loss by step: lower is better",
  metricChart: "Metrics on the validation texts after each epoch: higher is better",
  train: "Training loss",
  validation: "Validation loss",
  f1Series: "Macro-F1",
  accuracy: "Accuracy",
  step: "Step",
  noCurves: "The curves appear with the first steps.",
  linearNoCurves: "Linear models are trained in one go, without curves.",
  log: "Log",
  follow: "A training is running",
  show: "Show it",

  // History
  history: "History",
  time: "Time",
  dataColumn: "Data",
  models: "Models",
  bestColumn: "Best",
  older: "Show older runs",
  open: (time: string) => `Show the benchmark of ${time}`,
  remove: (time: string) => `Delete the benchmark of ${time}`,
  removeTitle: "Delete this benchmark?",
  removeText: "Its numbers disappear from the history for everybody. The models stay. This can't be undone.",
  removeAction: "Delete",
  removed: "The benchmark was deleted.",
  actions: "Actions",
};

const kStartHints: Record<string, string> = {
  minilm: "A small transformer that knows English. Good results from a few hundred texts.",
  scratch: "A small transformer that learns from your texts alone. It needs many texts.",
  lr: "Counts words and word pairs. Trained in seconds, and often hard to beat on long texts.",
  svm: "Counts words and word pairs. Trained in seconds, and often hard to beat on long texts.",
  base: "A larger base model is downloaded at the first use, takes longer to train, and answers more slowly.",
  own: "The training goes on from the weights of this model.",
};
