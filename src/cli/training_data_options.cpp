#include "cli/training_data_options.h"

#include "cli/data_options.h"
#include "cli/field_options.h"

namespace winnow {

void AddTrainingDataOptions(DataPlan& data, OptionTable& table) {
  table.Group("Data");
  table
      .Add("validation", &data.validation,
           "Labelled texts for choosing the best epoch and for calibration, in place of --validation-size")
      .Default("held out from DATA")
      .Alias("validation-file");
  table.Add("test", &data.test, "Labelled texts for the reported metrics only, in place of --test-size")
      .Default("held out from DATA")
      .Alias("test-file");
  table
      .Add("test-size", &data.test_size,
           "Share of the texts that is held out as the test part, for the reported metrics")
      .Range(0, 0.9);
  table
      .Add("validation-size", &data.validation_size,
           "Share of the texts that is held out as the validation part, for choosing the best epoch and for "
           "calibration")
      .Range(0, 0.9);
  AddTextField(data.reading.text_field, table)
      .Default("the field named text, message, sentence or similar")
      .Alias("text-column-name")
      .Alias("text-column-names")
      .Essential();
  AddLabelField(data.reading.label_field, table)
      .Default("the field named label, category, intent or similar")
      .Alias("label-column-name")
      .Alias("label-column-names")
      .Essential();
  AddFilter(data.reading.filter, table);
  AddFormatOptions(data.reading.format, table);
  AddUnknownLabels(data.reading.unknown_labels, table);
  table
      .Add("template", &data.reading.template_text,
           "Text template that combines several fields: '{subject} [SEP] {body:400}' takes the first 400 "
           "characters of the body")
      .ValueName("TEXT");
  table
      .Add("labels", &data.labels,
           "The labels in the order of their IDs, as a JSON file or a list of names; training "
           "texts with other labels are dropped and counted")
      .ValueName("FILE|NAME,...")
      .Default("sorted by name");
  table
      .Add("label-map", &data.label_map,
           "Rename labels of the data: hate='Hate Speech'; several labels may be merged under one name")
      .ValueName("FROM=TO")
      .Undivided();
  table
      .Add("min-class-texts", &data.min_class_texts,
           "Drop labels that have fewer texts than this, with a warning (single-label data only)")
      .AtLeast(0);
  table.Add("augment", &data.augment,
            "Data augmentation: also train on obfuscated variants of the training texts (leetspeak, look-alike "
            "letters, spacing, addresses, numbers) and, if the labels are spam and ham, on synthetic texts "
            "(--synthetic-share); held-out texts are never altered");
  table.Add("augment-variants", &data.augment_variants, "Maximum number of variants per training text").AtLeast(1);
  table.Add(
      "synthetic", &data.synthetic,
      "Also train on synthetic texts. The built-in grammar generates spam and ham messages of the present day; for "
      "other labels, use --synthetic-grammar");
  table
      .Add("synthetic-share", &data.synthetic_share,
           "Number of synthetic texts to add, divided by the number of training texts; 0 adds none")
      .Range(0, 10)
      .Default(
          "with --synthetic, --augment or --synthetic-grammar 0.1 for transformers and 0.5 for linear models, "
          "otherwise 0");
  table
      .Add("synthetic-grammar", &data.synthetic_grammar,
           "Grammar that generates the synthetic texts; its labels must be those of the data")
      .ValueName("FILE")
      .Default("share/winnow/grammars/messages.txt");
  AddProblemType(data.reading, table);
  table
      .Add("positive-label", &data.positive_label,
           "The label that the score, the false-positive rate and ROC-AUC refer to, such as spam")
      .ValueName("LABEL")
      .Default("of two labels, the one that is named spam, toxic, phishing or similar, otherwise the second");
}

}  // namespace winnow
