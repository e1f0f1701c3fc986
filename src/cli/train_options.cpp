#include "cli/train_options.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "cli/calibration_options.h"
#include "cli/field_options.h"
#include "cli/given_options.h"
#include "cli/training_data_options.h"

namespace winnow {
namespace {

/// Options without effect on the other kind of model, by name.
constexpr std::string_view kTransformerOnly[] = {
    "base-model",
    "reinit-head",
    "max-length",
    "long-text",
    "layers",
    "dropout",
    "attention-dropout",
    "classifier-dropout",
    "epochs",
    "max-steps",
    "batch-size",
    "batch-tokens",
    "gradient-accumulation-steps",
    "lr",
    "head-lr-factor",
    "layer-lr-decay",
    "lr-scheduler",
    "num-cycles",
    "warmup-steps",
    "warmup-ratio",
    "weight-decay",
    "max-grad-norm",
    "label-smoothing",
    "freeze",
    "gradient-checkpointing",
    "precision",
    "profile",
    "eval-steps",
    "save-steps",
    "save-total-limit",
    "early-stopping-patience",
    "eval-batch-size",
    "unlabelled",
    "distil-temperature",
    "distil-weight",
    "report-to",
};
constexpr std::string_view kLinearOnly[] = {"C",         "analyzer", "ngrams",     "char-ngrams", "max-features",
                                            "sublinear", "platt",    "one-vs-rest"};

void AddOutputOptions(OutputPlan& output, OptionTable& table) {
  table.Group("Model");
  table.Add("output-dir", &output.dir, "Directory for the trained model")
      .ValueName("DIR")
      .Default("models/PRESET-BASE_MODEL with --preset; otherwise required")
      .Short('o')
      .Essential();
  table.Add("name", &output.name, "Name of the model").ValueName("NAME").Default("the name of the output directory");
  AddModelVersion(output.version.version, table,
                  "1.0.0, or the next minor version of the model of that name that is replaced");
}

void AddModelOptions(ModelPlan& model, OptionTable& table) {
  table.Group("Model");
  table
      .Add("kind", &model.kind,
           "Kind of model: a transformer, or a linear model on word or character n-grams, which trains in "
           "seconds: logistic regression (lr) or a linear support vector machine (svm)")
      .OneOf({"transformer", "lr", "svm"})
      .Essential();
  table.Add("fold-disguises", &model.fold_disguises,
            "Normalize obfuscated texts before they are read, in training and in use: invisible characters, spaced "
            "letters, look-alike letters of other scripts, digits in place of letters; genuine numbers, codes and "
            "texts in other languages are left unchanged");
  table.Group("Base model (--kind transformer)");
  table
      .Add("base-model", &model.base_model,
           "Base model to fine-tune: a name that 'winnow pull' accepts, a directory, or 'scratch' for a small, "
           "randomly initialized model")
      .ValueName("NAME|DIR|scratch")
      .Alias("model-name-or-path")
      .Essential();
  table
      .Add("reinit-head", &model.reinit_head,
           "Replace the base model's classification head with a new one if its labels do not match")
      .Alias("ignore-mismatched-sizes");
  table
      .Add("max-length", &model.max_length,
           "Maximum number of tokens per text, special tokens such as [CLS] and [SEP] included")
      .AtLeast(3)
      .Alias("max-seq-length");
  table.AddChoice("long-text", &model.long_text,
                  {{"head", LongText::kHead}, {"head+tail", LongText::kHeadTail}, {"windows", LongText::kWindows}},
                  "How a text that exceeds the maximum length is read: its first tokens, its first and last tokens (a "
                  "quarter of the maximum length from the beginning, the rest from "
                  "the end), or all of it in overlapping windows (training then uses head+tail)");
  table
      .Add("layers", &model.layers,
           "Number of encoder layers to keep, chosen at even spacing from the base model; fewer layers make a "
           "smaller and faster model")
      .AtLeast(1)
      .Default("all");
  table
      .Add("dropout", &model.dropout,
           "Dropout probability of the hidden layers; attention weights have their own (--attention-dropout)")
      .Range(0, 0.95)
      .Default("the value in the config.json of the base model")
      .Alias("hidden-dropout-prob");
  table.Add("attention-dropout", &model.attention_dropout, "Dropout probability of the attention weights")
      .Range(0, 0.95)
      .Default("the value in the config.json of the base model")
      .Alias("attention-probs-dropout-prob");
  table
      .Add("classifier-dropout", &model.classifier_dropout,
           "Dropout probability before the classification head; in DeBERTa, after its dense layer alone (the dropout "
           "before that layer is pooler_dropout in the config.json of the base model, which is 0 in published models)")
      .Range(0, 0.95)
      .Default("the value in the config.json of the base model");
}

void AddBatchOptions(TrainerPlan& trainer, OptionTable& table) {
  table.Add("epochs", &trainer.epochs, "Number of passes over the training texts")
      .AtLeast(1)
      .Default(
          "3 (12 from scratch, 20 with --freeze encoder); for small data sets, raised until the run has "
          "200 steps, to at most 20")
      .Alias("num-train-epochs")
      .Essential();
  table
      .Add("max-steps", &trainer.max_steps,
           "Total number of training steps; overrides --epochs. The training texts are repeated until this "
           "number is reached. If 0 or less, --epochs applies")
      .Default("as --epochs says");
  table.Add("batch-size", &trainer.batch_size, "Number of texts per batch")
      .AtLeast(1)
      .Alias("per-device-train-batch-size")
      .Alias("train-batch-size");
  table
      .Add("batch-tokens", &trainer.batch_tokens,
           "Maximum number of tokens per batch, in place of a fixed number of texts (--batch-size)")
      .AtLeast(0)
      .Default("no limit: each batch has --batch-size texts");
  table
      .Add("gradient-accumulation-steps", &trainer.accumulation,
           "Number of batches whose gradients are accumulated before a step; gives the effect of a larger batch "
           "without its memory use")
      .AtLeast(1);
}

void AddLearningRateOptions(TrainerPlan& trainer, OptionTable& table) {
  table.Add("lr", &trainer.lr, "Peak learning rate")
      .MoreThan(0)
      .Default("2e-5; 1e-4 with --freeze encoder, 1e-3 from scratch")
      .Alias("learning-rate");
  table
      .Add("head-lr-factor", &trainer.head_lr_factor, "Learning rate of the classification head, as a multiple of --lr")
      .MoreThan(0);
  table
      .Add("layer-lr-decay", &trainer.layer_lr_decay,
           "Layer-wise learning-rate decay: multiply the learning rate by this factor for each layer further down")
      .MoreThan(0);
  table.Add("lr-scheduler", &trainer.lr_scheduler, "Learning-rate schedule after the warm-up")
      .OneOf({"linear", "cosine", "cosine_with_restarts", "constant"}, {{"constant_with_warmup", "constant"}})
      .Alias("lr-scheduler-type");
  table.Add("num-cycles", &trainer.num_cycles, "Number of cycles of cosine_with_restarts").AtLeast(1);
  table
      .Add("warmup-steps", &trainer.warmup_steps,
           "Number of warm-up steps, in which the learning rate rises; in place of --warmup-ratio")
      .AtLeast(0)
      .InsteadOf("warmup-ratio");
  table
      .Add("warmup-ratio", &trainer.warmup_ratio,
           "Share of all steps that are warm-up steps, in which the learning rate rises")
      .Range(0, 1);
}

void AddLossOptions(TrainerPlan& trainer, OptionTable& table) {
  table.Add("weight-decay", &trainer.weight_decay, "Weight decay of AdamW; not applied to biases and LayerNorm weights")
      .AtLeast(0);
  table
      .Add("max-grad-norm", &trainer.max_grad_norm,
           "Maximum global norm of the gradients (gradient clipping); 0 disables clipping")
      .AtLeast(0);
  table
      .Add("label-smoothing", &trainer.label_smoothing,
           "Label smoothing: share of each label's probability that is spread evenly over all labels")
      .Range(0, 0.9)
      .Alias("label-smoothing-factor");
}

void AddTrainingOptions(TrainingPlan& plan, OptionTable& table) {
  TrainerPlan& trainer = plan.trainer;
  table.Group("Training");
  table
      .Add("class-weights", &trainer.class_weights,
           "Class weights of the loss: balanced: inversely proportional to label frequencies; none: equal weights; "
           "auto: none for transformers; for linear models, chosen together with --C by cross-validation; FILE: the "
           "weights of a JSON object such as {\"spam\": 5, \"ham\": 1}, where labels that are not in it have weight 1")
      .ValueName("auto|balanced|none|FILE");
  table.Add("metric", &trainer.metric, "Validation metric that selects the best epoch, and C of a linear model")
      .ValueName("NAME")
      .Alias("metric-for-best-model");
  table
      .Add("tune-thresholds", &plan.calibration.tune_thresholds,
           "Multi-label only: set the decision threshold of each label to maximize F1 on held-out texts, instead of "
           "0.5; labels with fewer than 10 texts keep 0.5")
      .Default("on for linear models without --max-fpr");
  table.Add("seed", &plan.seed, "Random seed of data splits, shuffling, dropout and new weights");
  table.Group("Fine-tuning (--kind transformer)");
  AddBatchOptions(trainer, table);
  AddLearningRateOptions(trainer, table);
  AddLossOptions(trainer, table);
  table
      .Add("freeze", &trainer.freeze,
           "Weights that are not trained: the embeddings, a number of layers from the bottom (and the "
           "embeddings), or the whole encoder (only the head is trained; each text is encoded once, without "
           "dropout, and epochs take seconds)")
      .ValueName("encoder|embeddings|N")
      .Default("nothing");
  table.Add("gradient-checkpointing", &trainer.gradient_checkpointing,
            "Gradient checkpointing: recompute activations in the backward pass; uses less memory, is slower, "
            "gives the same result");
  table
      .Add("precision", &trainer.precision,
           "Number format of matrix products; auto measures both and takes bf16 if it is faster on this CPU, as with "
           "AMX or on AMD's Zen 5")
      .OneOf({"auto", "f32", "bf16"});
  table.Add("profile", &trainer.profile,
            "Print the time per part of the computation, and the throughput of matrix products");
}

void AddLinearOptions(LinearPlan& linear, OptionTable& table) {
  table.Group("Linear models (--kind lr, --kind svm)");
  table
      .Add("C", &linear.C,
           "Inverse regularization strength, as in scikit-learn: larger values fit the training texts more closely. By "
           "default, the value from 0.1 to 100 with the best --metric in a cross-validation on the training texts")
      .MoreThan(0)
      .Default("chosen by cross-validation");
  table
      .Add("analyzer", &linear.analyzer,
           "Features: word n-grams (word), character n-grams (char), character n-grams within words (char_wb), "
           "or word and char_wb n-grams (both)")
      .OneOf({"word", "char", "char_wb", "both"});
  table.Add("ngrams", &linear.ngrams, "Lengths of the n-grams, in words or characters")
      .ValueName("FROM-TO")
      .Default("1-3 words, 1-5 characters");
  table.Add("char-ngrams", &linear.char_ngrams, "Lengths of the character n-grams with --analyzer both")
      .ValueName("FROM-TO")
      .Default("1-5");
  table.Add("max-features", &linear.max_features, "Maximum number of features, the most frequent ones; 0 keeps all")
      .AtLeast(0);
  table.Add("sublinear", &linear.sublinear, "Sublinear term frequency: replace a count n with 1 + log n")
      .Alias("sublinear-tf");
  table
      .Add("platt", &linear.platt,
           "Platt scaling: calibrate the decision scores by a sigmoid (scale and intercept) that is fitted "
           "to out-of-fold scores of the training texts; for --kind svm, and for --kind lr with two labels")
      .Default("on for --kind svm, and for --kind lr with two labels if --C is not given");
  table.Add("one-vs-rest", &linear.one_vs_rest,
            "One-vs-rest logistic regression for more than two labels, instead of multinomial");
}

void AddCalibration(CalibrationPlan& calibration, OptionTable& table) {
  table.Group("Calibration and thresholds");
  AddCalibrationOptions(calibration, table, /*of_a_bundle=*/false);
}

void AddDistillationOptions(DistillationPlan& distillation, OptionTable& table) {
  table.Group("Distillation (--kind transformer)");
  table
      .Add("teacher", &distillation.teacher,
           "Trained model to distill: the student also learns from its predictions, and teacher and student are "
           "compared at the end")
      .ValueName("BUNDLE");
  table
      .Add("unlabelled", &distillation.unlabelled,
           "Unlabelled texts; the student learns the teacher's predictions for them")
      .ValueName("FILE")
      .Alias("unlabeled");
  table
      .Add("distil-temperature", &distillation.temperature,
           "Temperature that softens the probabilities of teacher and student (single-label data only)")
      .MoreThan(0);
  table
      .Add("distil-weight", &distillation.weight,
           "Weight of the distillation loss for labelled texts, from 0 to 1; the loss on the true label has "
           "the remaining weight")
      .Range(0, 1);
}

void AddEvaluationOptions(TrainerPlan& trainer, OptionTable& table) {
  table.Group("Evaluation and checkpoints (--kind transformer)");
  table.Add("eval-steps", &trainer.eval_steps, "Number of steps between evaluations").AtLeast(0).Default("one epoch");
  table
      .Add("early-stopping-patience", &trainer.early_stopping_patience,
           "Number of evaluations without improvement after which training stops; 0 disables early stopping")
      .AtLeast(0);
  table
      .Add("eval-batch-size", &trainer.eval_batch_size,
           "Maximum batch size in evaluation; affects memory use, not results")
      .AtLeast(0)
      .Default("chosen automatically by the number of tokens")
      .Alias("per-device-eval-batch-size");
}

void AddCheckpointOptions(TrainingPlan& plan, OptionTable& table) {
  table.Add("save-steps", &plan.trainer.save_steps, "Number of steps between checkpoints")
      .AtLeast(0)
      .Default("at each evaluation; no checkpoints with --freeze encoder");
  table
      .Add("save-total-limit", &plan.output.save_total_limit,
           "Number of best checkpoints to keep, in addition to the newest one")
      .AtLeast(1);
  table.Add("resume", &plan.output.resume,
            "Resume from the newest checkpoint in --output-dir, with the same result as an uninterrupted run; "
            "start from the beginning if there is no checkpoint");
}

/// What a training learns, and from which data.
void AddLearningOptions(TrainCommandOptions& options, OptionTable& table) {
  TrainingPlan& plan = options.plan;
  AddModelOptions(plan.model, table);
  AddTrainingOptions(plan, table);
  AddLinearOptions(plan.linear, table);
  AddCalibration(plan.calibration, table);
  AddDistillationOptions(plan.distillation, table);
  AddEvaluationOptions(plan.trainer, table);
  AddTrainerArguments(options.arguments, table);
  table.Group("Integrity");
  AddVerifyOption(options, table);
  options.epochs = table.Find("epochs");
  options.eval_steps = table.Find("eval-steps");
  options.warmup_steps = table.Find("warmup-steps");
  options.table = &table;
}

void AddPresetOption(TrainCommandOptions& options, OptionTable& table) {
  table
      .AddPreset("preset", &options.preset,
                 "Name of a preset, which sets the options for a common task, such as sms-spam; the presets are built "
                 "in, and files of that name in share/winnow/presets take precedence")
      .Essential();
}

}  // namespace

void AddTrainOptions(TrainCommandOptions& options, OptionTable& table) {
  TrainingPlan& plan = options.plan;
  table.AddPositional("data", &plan.data.files,
                      "Labelled texts: CSV, TSV, JSON, JSONL or fastText files, optionally gzip-compressed");
  AddTrainingDataOptions(plan.data, table);
  table
      .Add("folds", &options.folds,
           "Cross-validation with N folds: train once per fold on the other folds and report metrics over all "
           "texts; no model is saved")
      .AtLeast(2);
  AddOutputOptions(plan.output, table);
  AddLearningOptions(options, table);
  table.Group("Evaluation and checkpoints (--kind transformer)");
  AddCheckpointOptions(plan, table);
  options.save_steps = table.Find("save-steps");
  table.Group("Output");
  AddOverwrite(
      plan.output.overwrite, table,
      "Write into the output directory even if it contains other files than those of a Winnow model, which stay there")
      .Alias("overwrite-output-dir");
  table
      .Add("quantize", &options.quantize,
           "Also create INT8 weights, unless accuracy drops too much (see: winnow help quantize)")
      .Essential();
  table.Add("max-drop", &options.max_drop, "Largest drop in accuracy and in macro-F1 that INT8 weights may cause")
      .Range(0, 1);
  table.Add(
      "skip-training", &options.skip_training,
      "Skip training and only export the existing model in --output-dir to ONNX; with --quantize, quantize it first");
  table.Add("keep-data", &plan.output.keep_data, "Save the validation texts with the model, for later calibration");
  table.AddChoice(
      "report-to", &plan.output.tensorboard, {{"none", false}, {"tensorboard", true}},
      "Write TensorBoard event files into runs/ in the directory of the model, those of each training into a "
      "directory of their own");
  AddPresetOption(options, table);
  table.Example("winnow train sms.tsv --output-dir spam", "fine-tune, and report metrics on a held-out fifth");
  table.Example("winnow train sms.tsv --kind lr --output-dir spam-lr", "a linear model, in seconds");
  table.Example("winnow train mail.csv --template '{subject} [SEP] {body:400}' --label-field folder --output-dir mail",
                "choose the fields by name");
  table.Example("winnow train sms.tsv --folds 5 --freeze encoder", "cross-validated metrics of this configuration");
}

void AddLearningPlanOptions(TrainCommandOptions& options, OptionTable& table) {
  TrainingPlan& plan = options.plan;
  table
      .AddPositional("data", &plan.data.files,
                     "Labelled texts: CSV, TSV, JSON, JSONL or fastText files, optionally gzip-compressed")
      .Required();
  AddTrainingDataOptions(plan.data, table);
  AddLearningOptions(options, table);
  AddPresetOption(options, table);
}

Result<TrainingPlan> PlanOf(const TrainCommandOptions& options) {
  TrainingPlan plan = options.plan;
  plan.trainer.idle_patience = options.preset.has_value();  // a preset may be run for fewer epochs than it was made for
  const auto of_preset = [](const Option* option) { return option && option->origin() == OptionOrigin::kPreset; };
  plan.trainer.scaled = {.epochs = of_preset(options.epochs),
                         .eval_steps = of_preset(options.eval_steps),
                         .save_steps = of_preset(options.save_steps),
                         .warmup_steps = of_preset(options.warmup_steps)};
  TRY(ApplyTrainerArguments(options.arguments, plan));
  TRY(ReadClassWeights(plan.trainer));
  TRY(CheckPlan(plan));
  return plan;
}

std::vector<std::string> OptionsWithoutEffect(const TrainCommandOptions& options) {
  const ModelPlan& model = options.plan.model;
  const std::string with_kind = "with --kind " + model.kind;
  OptionEffects effects(options.table);
  effects.Check(model.transformer(), kTransformerOnly, with_kind)
      .Check(!model.transformer(), kLinearOnly, with_kind)
      .Check(options.plan.data.augment, {"augment-variants"}, "without --augment")
      .Check(!options.plan.data.validation, {"validation-size"}, "with --validation")
      .Check(!options.plan.data.test, {"test-size"}, "with --test")
      .Check(!options.folds, {"test-size", "name", "model-version", "overwrite", "keep-data"}, "with --folds")
      .Check(options.quantize, {"max-drop"}, "without --quantize");
  if (!model.transformer()) return effects.warnings();
  return effects
      .Check(options.plan.distillation.teacher.has_value(), {"distil-temperature", "distil-weight"},
             "without --teacher")
      .Check(options.plan.trainer.lr_scheduler == "cosine_with_restarts", {"num-cycles"},
             "without --lr-scheduler cosine_with_restarts")
      .Check(model.base_model != "scratch", {"layers"}, "with --base-model scratch")
      .warnings();
}

}  // namespace winnow
