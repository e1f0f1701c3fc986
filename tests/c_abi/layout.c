/* Prints the layout of every struct and the values of the enumerations of winnow/winnow.h. */
#include <stdio.h>
#include <winnow/winnow.h>

#define STRUCT(type) printf("struct %s %u bytes\n", #type, (unsigned)sizeof(type))
#define MEMBER(type, member) \
  printf("  %s at %u, %u bytes\n", #member, (unsigned)offsetof(type, member), (unsigned)sizeof(((type*)0)->member))
#define VALUE(name) printf("%s = %ld\n", #name, (long)(name))

int main(void) {
  STRUCT(winnow_load_options);
  MEMBER(winnow_load_options, size);
  MEMBER(winnow_load_options, threads);
  MEMBER(winnow_load_options, weights);
  MEMBER(winnow_load_options, long_text);
  MEMBER(winnow_load_options, fold_disguises);
  MEMBER(winnow_load_options, skip_verify);
  MEMBER(winnow_load_options, reserved);
  STRUCT(winnow_classify_options);
  MEMBER(winnow_classify_options, size);
  MEMBER(winnow_classify_options, mode);
  MEMBER(winnow_classify_options, threshold);
  MEMBER(winnow_classify_options, abstain_below);
  MEMBER(winnow_classify_options, reserved);
  STRUCT(winnow_label_score);
  MEMBER(winnow_label_score, label);
  MEMBER(winnow_label_score, id);
  MEMBER(winnow_label_score, score);
  STRUCT(winnow_prediction);
  MEMBER(winnow_prediction, label);
  MEMBER(winnow_prediction, label_id);
  MEMBER(winnow_prediction, score);
  MEMBER(winnow_prediction, confidence);
  MEMBER(winnow_prediction, abstained);
  MEMBER(winnow_prediction, out_of_scope);
  MEMBER(winnow_prediction, label_count);
  MEMBER(winnow_prediction, labels);
  MEMBER(winnow_prediction, score_count);
  MEMBER(winnow_prediction, scores);
  STRUCT(winnow_train_progress);
  MEMBER(winnow_train_progress, step);
  MEMBER(winnow_train_progress, total_steps);
  MEMBER(winnow_train_progress, loss);
  MEMBER(winnow_train_progress, epoch);
  MEMBER(winnow_train_progress, metric);
  MEMBER(winnow_train_progress, message);
  VALUE(WINNOW_OK);
  VALUE(WINNOW_INVALID_ARGUMENT);
  VALUE(WINNOW_INVALID_DATA);
  VALUE(WINNOW_INVALID_MODEL);
  VALUE(WINNOW_NOT_FOUND);
  VALUE(WINNOW_EXISTS);
  VALUE(WINNOW_IO);
  VALUE(WINNOW_NETWORK);
  VALUE(WINNOW_CANCELLED);
  VALUE(WINNOW_UNSUPPORTED);
  VALUE(WINNOW_INTERNAL);
  VALUE(WINNOW_WEIGHTS_AUTO);
  VALUE(WINNOW_WEIGHTS_FLOAT);
  VALUE(WINNOW_WEIGHTS_INT8);
  VALUE(WINNOW_LONG_TEXT_OF_BUNDLE);
  VALUE(WINNOW_LONG_TEXT_HEAD);
  VALUE(WINNOW_LONG_TEXT_HEAD_TAIL);
  VALUE(WINNOW_LONG_TEXT_WINDOWS);
  VALUE(WINNOW_FOLD_OF_BUNDLE);
  VALUE(WINNOW_FOLD_OFF);
  VALUE(WINNOW_FOLD_ON);
  VALUE(WINNOW_MODE_MODERATE);
  VALUE(WINNOW_MODE_STRICT);
  VALUE(WINNOW_MODE_LENIENT);
  return 0;
}
