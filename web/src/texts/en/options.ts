// What the page calls the options of the program: messages of the server name them.
export const optionTexts: Readonly<Record<string, string>> = {
  "base-model": "the base model",
  "batch-size": "the batch size",
  "class-weights": "the weights of the labels",
  delimiter: "the character between the columns",
  encoding: "the character encoding",
  epochs: "the number of epochs",
  filter: "the filter of the rows",
  format: "the format of the file",
  kind: "the kind of model",
  "label-field": "the column of the label",
  "label-map": "the new names of labels",
  lr: "the learning rate",
  "max-drop": "the largest drop of the quality",
  "max-fpr": "the limit of the false-positive rate",
  "max-length": "the maximum length of the texts",
  metric: "the metric",
  "min-class-texts": "the minimum number of texts per label",
  "positive-label": "the positive label",
  preset: "the preset",
  quoting: "the meaning of quotes",
  template: "the template of the texts",
  "test-size": "the size of the test part",
  "text-field": "the column of the text",
  threshold: "the threshold",
  "unknown-labels": "what is done with unknown labels",
  "validation-size": "the size of the validation part",
};

/** What a reader of files proposes where it can't tell which column is which. */
export const columnsTexts = {
  choose: (text: string, label: string) => `choose ${text} as the column of the text and ${label} as that of the label`,
};
