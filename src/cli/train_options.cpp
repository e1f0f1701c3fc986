#include "cli/train_options.h"

#include "cli/calibration_options.h"
#include "cli/data_options.h"
#include "cli/field_options.h"

namespace winnow {
namespace {

void AddDataOptions(DataPlan& data, OptionTable& table) {
  table.Group("Data");
  table.Add("validation", &data.validation, "Labelled texts that choose the best epoch, instead of --validation-size")
      .Default("held out of DATA")
      .Alias("validation-file");
  table.Add("test", &data.test, "Labelled texts for the reported figures alone, instead of --test-size")
      .Default("held out of DATA")
      .Alias("test-file");
  table.Add("test-size", &data.test_size, "Part of the texts that is held out for the reported figures").Range(0, 0.9);
  table
      .Add("validation-size", &data.validation_size,
           "Part of the texts that is held out to choose the best epoch and to calibrate")
      .Range(0, 0.9);
  AddTextField(data.reading.text_field, table)
      .Default("found by name: text, message, sentence ...")
      .Alias("text-column-name")
      .Alias("text-column-names");
  AddLabelField(data.reading.label_field, table)
      .Default("found by name: label, category, intent ...")
      .Alias("label-column-name")
      .Alias("label-column-names");
  AddFilter(data.reading.filter, table);
  table
      .Add("template", &data.reading.template_text,
           "Make the text of several fields: '{subject} [SEP] {body:400}' takes 400 characters of the body")
      .ValueName("TEXT");
  table
      .Add(
          "labels", &data.labels,
          "The labels in the order of their ids: a JSON file, or their names; rows with others are dropped and counted")
      .ValueName("FILE|NAME,...")
      .Default("sorted by name");
  table
      .Add("label-map", &data.label_map,
           "Other names for labels of the data, of which several may become one: hate='Hate Speech'")
      .ValueName("FROM=TO");
  table
      .Add("min-class-texts", &data.min_class_texts,
           "Leave labels of fewer texts out, with a warning (one label a text)")
      .AtLeast(0);
  table.Add("augment", &data.augment,
            "Train on disguised variants of the training texts too: leetspeak, look-alike letters, spacing, addresses, "
            "numbers; never of held-out texts");
  table.Add("augment-variants", &data.augment_variants, "Variants of each training text, at most").AtLeast(1);
  AddProblemType(data.reading, table);
  table
      .Add("positive-label", &data.positive_label,
           "The label that the score, false-positive rate and ROC-AUC are about: spam")
      .ValueName("LABEL");
}

void AddOutputOptions(OutputPlan& output, OptionTable& table) {
  table.Group("Model");
  table.Add("output-dir", &output.dir, "Where the trained model goes")
      .ValueName("DIR")
      .Default("models/PRESET-BASE_MODEL with a --preset; else to be given");
  table.Add("name", &output.name, "The model's name").ValueName("NAME").Default("the output directory's");
}

void AddModelOptions(ModelPlan& model, OptionTable& table) {
  table.Group("Model");
  table
      .Add("kind", &model.kind,
           "A transformer; or a linear model of words or characters, which trains and answers in no time: logistic "
           "regression (lr) or a support vector machine (svm)")
      .OneOf({"transformer", "lr", "svm"});
  table
      .Add("base-model", &model.base_model,
           "What training starts from: a name as for 'winnow pull', a directory, or 'scratch' for a small new model")
      .ValueName("NAME|DIR|scratch")
      .Alias("model-name-or-path");
  table.Add("reinit-head", &model.reinit_head,
            "Train a new classification head where the base model has one that doesn't fit");
  table.Add("max-length", &model.max_length, "Tokens of a text that are read, [CLS] and [SEP] included")
      .AtLeast(3)
      .Alias("max-seq-length");
  table.AddChoice("long-text", &model.long_text,
                  {{"head", LongText::kHead}, {"head+tail", LongText::kHeadTail}, {"windows", LongText::kWindows}},
                  "What the model reads of a longer text: its first tokens, a quarter of first and three of last ones, "
                  "or all of it in overlapping windows (then it learns from head+tail)");
  table.Add(
      "fold-disguises", &model.fold_disguises,
      "Read texts without disguises, in training and ever after: invisible characters, spaced letters, letters of "
      "other scripts that look alike, digits for letters; numbers, codes and other languages stay");
  table
      .Add("layers", &model.layers,
           "Begin with so many of the base model's layers, evenly spaced: a smaller and faster model")
      .AtLeast(1)
      .Default("all");
  table.Add("dropout", &model.dropout, "Dropout of hidden layers")
      .Range(0, 0.95)
      .Default("the base model's")
      .Alias("hidden-dropout-prob");
  table.Add("classifier-dropout", &model.classifier_dropout, "Dropout before the classification head")
      .Range(0, 0.95)
      .Default("the base model's");
}

void AddTrainingOptions(TrainingPlan& plan, OptionTable& table) {
  TrainerPlan& trainer = plan.trainer;
  table.Group("Training");
  table.Add("epochs", &trainer.epochs, "Passes over the training texts")
      .AtLeast(1)
      .Default("3, 12 from scratch, 20 with --freeze encoder; more where these are less than 200 steps, up to 20")
      .Alias("num-train-epochs");
  table.Add("batch-size", &trainer.batch_size, "Texts a step")
      .AtLeast(1)
      .Alias("per-device-train-batch-size")
      .Alias("train-batch-size");
  table
      .Add("batch-tokens", &trainer.batch_tokens,
           "Fill batches with texts up to so many tokens, instead of --batch-size texts")
      .AtLeast(0)
      .Default("by texts");
  table
      .Add("gradient-accumulation-steps", &trainer.accumulation,
           "Batches that a step adds up: as one large batch, in the memory of a small one")
      .AtLeast(1);
  table.Add("lr", &trainer.lr, "Peak learning rate")
      .MoreThan(0)
      .Default("2e-5; 1e-4 with --freeze encoder, 1e-3 from scratch")
      .Alias("learning-rate");
  table.Add("head-lr-factor", &trainer.head_lr_factor, "The classification head's learning rate, in multiples of --lr")
      .MoreThan(0);
  table.Add("layer-lr-decay", &trainer.layer_lr_decay, "Each layer learns at so much of the rate of the one above")
      .MoreThan(0);
  table.Add("lr-scheduler", &trainer.lr_scheduler, "How the learning rate goes on after warm-up")
      .OneOf({"linear", "cosine", "cosine_with_restarts", "constant"}, {{"constant_with_warmup", "constant"}})
      .Alias("lr-scheduler-type");
  table.Add("num-cycles", &trainer.num_cycles, "How often cosine_with_restarts falls to zero").AtLeast(1);
  table.Add("warmup-steps", &trainer.warmup_steps, "Steps in which the learning rate rises, instead of --warmup-ratio")
      .AtLeast(0)
      .InsteadOf("warmup-ratio");
  table.Add("warmup-ratio", &trainer.warmup_ratio, "Part of all steps in which the learning rate rises").Range(0, 1);
  table.Add("weight-decay", &trainer.weight_decay, "AdamW's decay of weights; biases and LayerNorm have none")
      .AtLeast(0);
  table.Add("max-grad-norm", &trainer.max_grad_norm, "Gradients are scaled down to this global norm; 0 leaves them")
      .AtLeast(0);
  table.Add("class-weights", &trainer.class_weights, "Weigh each label's loss by its rarity, or all alike")
      .OneOf({"balanced", "none"});
  table.Add("label-smoothing", &trainer.label_smoothing, "Share of each label that is spread over all of them")
      .Range(0, 0.9)
      .Alias("label-smoothing-factor");
  table.Add("tune-thresholds", &plan.calibration.tune_thresholds,
            "Multi-label: give each label the threshold with the best F1 on the validation texts, instead of .5");
  table
      .Add("freeze", &trainer.freeze,
           "Weights that stay as they are: embeddings, a number of layers from below (and the embeddings), or encoder "
           "for all but the head: then each text goes through the encoder once, without dropout, and epochs take "
           "seconds")
      .ValueName("encoder|embeddings|N")
      .Default("nothing");
  table.Add("gradient-checkpointing", &trainer.gradient_checkpointing,
            "Compute activations again instead of keeping them: less memory, slower, the same result");
  table.Add("metric", &trainer.metric, "The validation figure that decides which epoch is the best")
      .ValueName("NAME")
      .Alias("metric-for-best-model");
  table
      .Add("precision", &trainer.precision,
           "Numbers of the matrix products; auto takes the faster ones of this CPU, bf16 with AMX")
      .OneOf({"auto", "f32", "bf16"});
  table.Add("seed", &plan.seed, "Seed of splits, shuffles, dropout and new weights");
  table.Add("profile", &trainer.profile, "Print where the time went, and how fast the matrix products were");
}

void AddLinearOptions(LinearPlan& linear, OptionTable& table) {
  table.Group("Linear models (--kind lr, --kind svm)");
  table.Add("C", &linear.C, "How much the texts count against small weights: more fits closer, less generalises more")
      .MoreThan(0);
  table
      .Add("analyzer", &linear.analyzer,
           "What is counted: words, characters, characters within words, or words and those (both)")
      .OneOf({"word", "char", "char_wb", "both"});
  table.Add("ngrams", &linear.ngrams, "How many words, or characters, go together")
      .ValueName("FROM-TO")
      .Default("1-3 words, 1-5 characters");
  table.Add("char-ngrams", &linear.char_ngrams, "With --analyzer both: how many characters")
      .ValueName("FROM-TO")
      .Default("1-5");
  table.Add("max-features", &linear.max_features, "The most frequent ones are kept; 0 keeps all").AtLeast(0);
  table.Add("sublinear", &linear.sublinear, "Count a feature that is n times in a text as 1 + log n")
      .Alias("sublinear-tf");
  table.Add("one-vs-rest", &linear.one_vs_rest,
            "Logistic regression of more than two labels: one against the rest, instead of all at once");
}

void AddCalibration(CalibrationPlan& calibration, OptionTable& table) {
  table.Group("Calibration and thresholds");
  AddCalibrationOptions(calibration, table, /*of_a_bundle=*/false);
}

void AddDistillationOptions(DistillationPlan& distillation, OptionTable& table) {
  table.Group("Distillation");
  table
      .Add("teacher", &distillation.teacher,
           "A trained model whose answers are learnt too; teacher and student are compared at the end")
      .ValueName("BUNDLE");
  table.Add("unlabelled", &distillation.unlabelled, "Texts without labels, of which the teacher's answers are learnt")
      .ValueName("FILE")
      .Alias("unlabeled");
  table.Add("distil-temperature", &distillation.temperature, "Softens the teacher's answers and the student's")
      .MoreThan(0);
  table.Add("distil-weight", &distillation.weight, "The teacher's part of the loss of a labelled text").Range(0, 1);
}

void AddEvaluationOptions(TrainerPlan& trainer, OptionTable& table) {
  table.Group("Evaluation and checkpoints");
  table.Add("eval-steps", &trainer.eval_steps, "Steps from evaluation to evaluation").AtLeast(0).Default("an epoch's");
  table
      .Add("early-stopping-patience", &trainer.early_stopping_patience,
           "Stop after so many evaluations without a better one; 0 goes on to the end")
      .AtLeast(0);
  table
      .Add("eval-batch-size", &trainer.eval_batch_size,
           "Texts that an evaluation computes together, at most; bounds memory, changes no figure")
      .AtLeast(0)
      .Default("by tokens")
      .Alias("per-device-eval-batch-size");
}

void AddCheckpointOptions(TrainingPlan& plan, OptionTable& table) {
  table.Add("save-steps", &plan.trainer.save_steps, "Steps from checkpoint to checkpoint")
      .AtLeast(0)
      .Default("at each evaluation; none with --freeze encoder, which takes seconds");
  table.Add("save-total-limit", &plan.output.save_total_limit, "Checkpoints kept, the best ones, beside the newest")
      .AtLeast(1);
  table.Add("resume", &plan.output.resume,
            "Go on from the newest checkpoint in --output-dir, to the same result as without the stop; from the "
            "beginning where there is none");
}

/// What a training learns, and from which data.
void AddLearningOptions(TrainingPlan& plan, OptionTable& table) {
  AddModelOptions(plan.model, table);
  AddTrainingOptions(plan, table);
  AddLinearOptions(plan.linear, table);
  AddCalibration(plan.calibration, table);
  AddDistillationOptions(plan.distillation, table);
  AddEvaluationOptions(plan.trainer, table);
}

void AddPresetOption(TrainCommandOptions& options, OptionTable& table) {
  table.AddPreset("preset", &options.preset, "Options for a known task, from share/winnow/presets");
}

}  // namespace

void AddTrainOptions(TrainCommandOptions& options, OptionTable& table) {
  TrainingPlan& plan = options.plan;
  table.AddPositional("data", &plan.data.files, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each");
  AddDataOptions(plan.data, table);
  table
      .Add("folds", &options.folds,
           "Cross-validation: cut the texts into so many folds, train once for each on the others, and report on all; "
           "no model stays")
      .AtLeast(2);
  AddOutputOptions(plan.output, table);
  AddLearningOptions(plan, table);
  AddCheckpointOptions(plan, table);
  table.Group("Output");
  AddOverwrite(plan.output.overwrite, table, "Write into a directory that holds something else than a Winnow model")
      .Alias("overwrite-output-dir");
  table.Add("quantize", &options.quantize, "Make INT8 weights too, where accuracy holds (see: winnow help quantize)");
  table.Add("max-drop", &options.max_drop, "How much accuracy, and how much macro-F1, INT8 may lose").Range(0, 1);
  table.Add("skip-training", &options.skip_training,
            "Take the model that --output-dir holds already: write its ONNX files, and quantise it with --quantize");
  table.Add("keep-data", &plan.output.keep_data, "Keep the held-out texts with the model, for later calibration");
  table.AddChoice("report-to", &plan.output.tensorboard, {{"none", false}, {"tensorboard", true}},
                  "Event files for TensorBoard, in runs/ of the model's directory");
  AddPresetOption(options, table);
  table.Example("winnow train sms.tsv --output-dir spam", "fine-tune, and report on a held-out fifth");
  table.Example("winnow train sms.tsv --kind lr --output-dir spam-lr", "a linear model, in less than a second");
  table.Example("winnow train mail.csv --template '{subject} [SEP] {body:400}' --label-field folder --output-dir mail",
                "columns by name");
  table.Example("winnow train sms.tsv --folds 5 --freeze encoder", "how good it would be, told on every text");
}

void AddLearningPlanOptions(TrainCommandOptions& options, OptionTable& table) {
  TrainingPlan& plan = options.plan;
  table.AddPositional("data", &plan.data.files, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each")
      .Required();
  AddDataOptions(plan.data, table);
  AddLearningOptions(plan, table);
  AddPresetOption(options, table);
}

TrainingPlan PlanOf(const TrainCommandOptions& options) {
  TrainingPlan plan = options.plan;
  plan.trainer.idle_patience = options.preset.has_value();  // a preset may be run for fewer epochs than it was made for
  return plan;
}

}  // namespace winnow
