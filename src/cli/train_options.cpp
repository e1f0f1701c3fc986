#include "cli/train_options.h"

namespace winnow {
namespace {

void AddDataOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Data");
  table
      .Add("validation", &options.validation, "Labelled texts that choose the best epoch, instead of --validation-size")
      .Default("held out of DATA")
      .Alias("validation-file");
  table.Add("test", &options.test, "Labelled texts for the reported figures alone, instead of --test-size")
      .Default("held out of DATA")
      .Alias("test-file");
  table.Add("test-size", &options.test_size, "Part of the texts that is held out for the reported figures")
      .Range(0, 0.9);
  table
      .Add("validation-size", &options.validation_size,
           "Part of the texts that is held out to choose the best epoch and to calibrate")
      .Range(0, 0.9);
  table.Add("text-field", &options.text_field, "Column or key of the text")
      .ValueName("NAME")
      .Default("found by name: text, message, sentence ...")
      .Alias("text-column-name")
      .Alias("text-column-names");
  table
      .Add("label-field", &options.label_field,
           "Column or key of the label; several name the 0/1 columns of a multi-label set")
      .ValueName("NAME")
      .Default("found by name: label, category, intent ...")
      .Alias("label-column-name")
      .Alias("label-column-names");
  table.Add("filter", &options.filter, "Keep the rows of which this is true: execution_success, lang=en, chars<320")
      .ValueName("EXPR");
  table
      .Add("template", &options.template_text,
           "Make the text of several fields: '{subject} [SEP] {body:400}' takes 400 characters of the body")
      .ValueName("TEXT");
  table
      .Add(
          "labels", &options.labels,
          "The labels in the order of their ids: a JSON file, or their names; rows with others are dropped and counted")
      .ValueName("FILE|NAME,...")
      .Default("sorted by name");
  table
      .Add("label-map", &options.label_map,
           "Other names for labels of the data, of which several may become one: hate='Hate Speech'")
      .ValueName("FROM=TO");
  table
      .Add("min-class-texts", &options.min_class_texts,
           "Leave labels of fewer texts out, with a warning (one label a text)")
      .AtLeast(0);
  table.Add("augment", &options.augment,
            "Train on disguised variants of the training texts too: leetspeak, look-alike letters, spacing, addresses, "
            "numbers; never of held-out texts");
  table.Add("augment-variants", &options.augment_variants, "Variants of each training text, at most").AtLeast(1);
  table.Add("problem-type", &options.problem_type, "One label a text, or any number")
      .OneOf({"single", "multi"}, {{"single_label_classification", "single"}, {"multi_label_classification", "multi"}})
      .Default("by the data");
  table
      .Add("positive-label", &options.positive_label,
           "The label that the score, false-positive rate and ROC-AUC are about: spam")
      .ValueName("LABEL");
}

void AddOutputOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Model");
  table.Add("output-dir", &options.output_dir, "Where the trained model goes")
      .ValueName("DIR")
      .Default("models/PRESET-BASE_MODEL with a --preset; else to be given");
  table.Add("name", &options.name, "The model's name").ValueName("NAME").Default("the output directory's");
}

void AddModelOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Model");
  table
      .Add("kind", &options.kind,
           "A transformer; or a linear model of words or characters, which trains and answers in no time: logistic "
           "regression (lr) or a support vector machine (svm)")
      .OneOf({"transformer", "lr", "svm"});
  table
      .Add("base-model", &options.base_model,
           "What training starts from: a name as for 'winnow pull', a directory, or 'scratch' for a small new model")
      .ValueName("NAME|DIR|scratch")
      .Alias("model-name-or-path");
  table.Add("reinit-head", &options.reinit_head,
            "Train a new classification head where the base model has one that doesn't fit");
  table.Add("max-length", &options.max_length, "Tokens of a text that are read, [CLS] and [SEP] included")
      .AtLeast(3)
      .Alias("max-seq-length");
  table.AddChoice("long-text", &options.long_text,
                  {{"head", LongText::kHead}, {"head+tail", LongText::kHeadTail}, {"windows", LongText::kWindows}},
                  "What the model reads of a longer text: its first tokens, a quarter of first and three of last ones, "
                  "or all of it in overlapping windows (then it learns from head+tail)");
  table.Add(
      "fold-disguises", &options.fold_disguises,
      "Read texts without disguises, in training and ever after: invisible characters, spaced letters, letters of "
      "other scripts that look alike, digits for letters; numbers, codes and other languages stay");
  table
      .Add("layers", &options.layers,
           "Begin with so many of the base model's layers, evenly spaced: a smaller and faster model")
      .AtLeast(1)
      .Default("all");
  table.Add("dropout", &options.dropout, "Dropout of hidden layers")
      .Range(0, 0.95)
      .Default("the base model's")
      .Alias("hidden-dropout-prob");
  table.Add("classifier-dropout", &options.classifier_dropout, "Dropout before the classification head")
      .Range(0, 0.95)
      .Default("the base model's");
}

void AddTrainingOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Training");
  table.Add("epochs", &options.epochs, "Passes over the training texts")
      .AtLeast(1)
      .Default("3, 12 from scratch, 20 with --freeze encoder; more where these are less than 200 steps, up to 20")
      .Alias("num-train-epochs");
  table.Add("batch-size", &options.batch_size, "Texts a step")
      .AtLeast(1)
      .Alias("per-device-train-batch-size")
      .Alias("train-batch-size");
  table
      .Add("batch-tokens", &options.batch_tokens,
           "Fill batches with texts up to so many tokens, instead of --batch-size texts")
      .AtLeast(0)
      .Default("by texts");
  table
      .Add("gradient-accumulation-steps", &options.accumulation,
           "Batches that a step adds up: as one large batch, in the memory of a small one")
      .AtLeast(1);
  table.Add("lr", &options.lr, "Peak learning rate")
      .MoreThan(0)
      .Default("2e-5; 1e-4 with --freeze encoder, 1e-3 from scratch")
      .Alias("learning-rate");
  table.Add("head-lr-factor", &options.head_lr_factor, "The classification head's learning rate, in multiples of --lr")
      .MoreThan(0);
  table.Add("layer-lr-decay", &options.layer_lr_decay, "Each layer learns at so much of the rate of the one above")
      .MoreThan(0);
  table.Add("lr-scheduler", &options.lr_scheduler, "How the learning rate goes on after warm-up")
      .OneOf({"linear", "cosine", "cosine_with_restarts", "constant"}, {{"constant_with_warmup", "constant"}})
      .Alias("lr-scheduler-type");
  table.Add("num-cycles", &options.num_cycles, "How often cosine_with_restarts falls to zero").AtLeast(1);
  table.Add("warmup-steps", &options.warmup_steps, "Steps in which the learning rate rises, instead of --warmup-ratio")
      .AtLeast(0)
      .InsteadOf("warmup-ratio");
  table.Add("warmup-ratio", &options.warmup_ratio, "Part of all steps in which the learning rate rises").Range(0, 1);
  table.Add("weight-decay", &options.weight_decay, "AdamW's decay of weights; biases and LayerNorm have none")
      .AtLeast(0);
  table.Add("max-grad-norm", &options.max_grad_norm, "Gradients are scaled down to this global norm; 0 leaves them")
      .AtLeast(0);
  table.Add("class-weights", &options.class_weights, "Weigh each label's loss by its rarity, or all alike")
      .OneOf({"balanced", "none"});
  table.Add("label-smoothing", &options.label_smoothing, "Share of each label that is spread over all of them")
      .Range(0, 0.9)
      .Alias("label-smoothing-factor");
  table.Add("tune-thresholds", &options.tune_thresholds,
            "Multi-label: give each label the threshold with the best F1 on the validation texts, instead of .5");
  table
      .Add("freeze", &options.freeze,
           "Weights that stay as they are: embeddings, a number of layers from below (and the embeddings), or encoder "
           "for all but the head: then each text goes through the encoder once, without dropout, and epochs take "
           "seconds")
      .ValueName("encoder|embeddings|N")
      .Default("nothing");
  table.Add("gradient-checkpointing", &options.gradient_checkpointing,
            "Compute activations again instead of keeping them: less memory, slower, the same result");
  table.Add("metric", &options.metric, "The validation figure that decides which epoch is the best")
      .ValueName("NAME")
      .Alias("metric-for-best-model");
  table
      .Add("precision", &options.precision,
           "Numbers of the matrix products; auto takes the faster ones of this CPU, bf16 with AMX")
      .OneOf({"auto", "f32", "bf16"});
  table.Add("seed", &options.seed, "Seed of splits, shuffles, dropout and new weights");
  table.Add("profile", &options.profile, "Print where the time went, and how fast the matrix products were");
}

void AddLinearOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Linear models (--kind lr, --kind svm)");
  table.Add("C", &options.C, "How much the texts count against small weights: more fits closer, less generalises more")
      .MoreThan(0);
  table
      .Add("analyzer", &options.analyzer,
           "What is counted: words, characters, characters within words, or words and those (both)")
      .OneOf({"word", "char", "char_wb", "both"});
  table.Add("ngrams", &options.ngrams, "How many words, or characters, go together")
      .ValueName("FROM-TO")
      .Default("1-3 words, 1-5 characters");
  table.Add("char-ngrams", &options.char_ngrams, "With --analyzer both: how many characters")
      .ValueName("FROM-TO")
      .Default("1-5");
  table.Add("max-features", &options.max_features, "The most frequent ones are kept; 0 keeps all").AtLeast(0);
  table.Add("sublinear", &options.sublinear, "Count a feature that is n times in a text as 1 + log n")
      .Alias("sublinear-tf");
  table.Add("one-vs-rest", &options.one_vs_rest,
            "Logistic regression of more than two labels: one against the rest, instead of all at once");
}

void AddCalibration(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Calibration and thresholds");
  AddCalibrationOptions(options.calibrating, table, /*of_a_bundle=*/false);
}

void AddDistillationOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Distillation");
  table
      .Add("teacher", &options.teacher,
           "A trained model whose answers are learnt too; teacher and student are compared at the end")
      .ValueName("BUNDLE");
  table.Add("unlabelled", &options.unlabelled, "Texts without labels, of which the teacher's answers are learnt")
      .ValueName("FILE")
      .Alias("unlabeled");
  table.Add("distil-temperature", &options.distil_temperature, "Softens the teacher's answers and the student's")
      .MoreThan(0);
  table.Add("distil-weight", &options.distil_weight, "The teacher's part of the loss of a labelled text").Range(0, 1);
}

void AddEvaluationOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Group("Evaluation and checkpoints");
  table.Add("eval-steps", &options.eval_steps, "Steps from evaluation to evaluation").AtLeast(0).Default("an epoch's");
  table
      .Add("early-stopping-patience", &options.early_stopping_patience,
           "Stop after so many evaluations without a better one; 0 goes on to the end")
      .AtLeast(0);
  table
      .Add("eval-batch-size", &options.eval_batch_size,
           "Texts that an evaluation computes together, at most; bounds memory, changes no figure")
      .AtLeast(0)
      .Default("by tokens")
      .Alias("per-device-eval-batch-size");
}

void AddCheckpointOptions(TrainCommandOptions& options, OptionTable& table) {
  table.Add("save-steps", &options.save_steps, "Steps from checkpoint to checkpoint")
      .AtLeast(0)
      .Default("at each evaluation; none with --freeze encoder, which takes seconds");
  table.Add("save-total-limit", &options.save_total_limit, "Checkpoints kept, the best ones, beside the newest")
      .AtLeast(1);
  table.Add("resume", &options.resume,
            "Go on from the newest checkpoint in --output-dir, to the same result as without the stop; from the "
            "beginning where there is none");
}

}  // namespace

void AddTrainOptions(TrainCommandOptions& options, OptionTable& table) {
  table.AddPositional("data", &options.data, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each");
  AddDataOptions(options, table);
  table
      .Add("folds", &options.folds,
           "Cross-validation: cut the texts into so many folds, train once for each on the others, and report on all; "
           "no model stays")
      .AtLeast(2);
  AddOutputOptions(options, table);
  AddModelOptions(options, table);
  AddTrainingOptions(options, table);
  AddLinearOptions(options, table);
  AddCalibration(options, table);
  AddDistillationOptions(options, table);
  AddEvaluationOptions(options, table);
  AddCheckpointOptions(options, table);
  table.Group("Output");
  table.Add("overwrite", &options.overwrite, "Write into a directory that holds something else than a Winnow model")
      .Alias("overwrite-output-dir");
  table.Add("quantize", &options.quantize, "Make INT8 weights too, where accuracy holds (see: winnow help quantize)");
  table.Add("max-drop", &options.max_drop, "How much accuracy, and how much macro-F1, INT8 may lose").Range(0, 1);
  table.Add("skip-training", &options.skip_training,
            "Take the model that --output-dir holds already: write its ONNX files, and quantise it with --quantize");
  table.Add("keep-data", &options.keep_data, "Keep the held-out texts with the model, for later calibration");
  table.Add("report-to", &options.report_to, "Event files for TensorBoard, in runs/ of the model's directory")
      .OneOf({"none", "tensorboard"});
  table.AddPreset("preset", &options.preset, "Options for a known task, from share/winnow/presets");
  table.Example("winnow train sms.tsv --output-dir spam", "fine-tune, and report on a held-out fifth");
  table.Example("winnow train sms.tsv --kind lr --output-dir spam-lr", "a linear model, in less than a second");
  table.Example("winnow train mail.csv --template '{subject} [SEP] {body:400}' --label-field folder --output-dir mail",
                "columns by name");
  table.Example("winnow train sms.tsv --folds 5 --freeze encoder", "how good it would be, told on every text");
}

void AddRecipeOptions(TrainCommandOptions& options, OptionTable& table) {
  table.AddPositional("data", &options.data, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each")
      .Required();
  AddDataOptions(options, table);
  AddModelOptions(options, table);
  AddTrainingOptions(options, table);
  AddLinearOptions(options, table);
  AddCalibration(options, table);
  AddDistillationOptions(options, table);
  AddEvaluationOptions(options, table);
  table.AddPreset("preset", &options.preset, "Options for a known task, from share/winnow/presets");
}

}  // namespace winnow
