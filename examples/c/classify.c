/* Classifies its arguments after the first, which names a bundle: classify spam 'You won a prize' 'See you at six'
 *
 *   cc -std=c99 classify.c -o classify $(pkg-config --cflags --libs winnow-c) \
 *     -Wl,-rpath,$(pkg-config --variable=libdir winnow-c) */
#include <stdio.h>
#include <winnow/winnow.h>

static int fail(winnow_error* error) {
  fprintf(stderr, "%s: %s\n  %s\n", winnow_code_name(winnow_error_code(error)), winnow_error_message(error),
          winnow_error_hint(error));
  winnow_error_free(error);
  return 1;
}

int main(int argc, char** argv) {
  winnow_classifier* classifier = NULL;
  winnow_results* results = NULL;
  winnow_error* error = NULL;
  const winnow_classify_options options = {.size = sizeof options, .mode = WINNOW_MODE_MODERATE};
  size_t i;
  if (argc < 3) {
    fprintf(stderr, "usage: classify BUNDLE TEXT...\n");
    return 2;
  }
  if (winnow_load(argv[1], NULL, &classifier, &error) != WINNOW_OK) return fail(error);
  if (winnow_classify_many(classifier, (const char* const*)argv + 2, NULL, (size_t)argc - 2, &options, &results,
                           &error) != WINNOW_OK) {
    winnow_free(classifier);
    return fail(error);
  }
  for (i = 0; i < winnow_results_count(results); ++i) {
    const winnow_prediction* prediction = winnow_results_at(results, i);
    printf("%s\t%.6f\t%s\n", prediction->label, (double)prediction->confidence, argv[i + 2]);
  }
  winnow_results_free(results);
  winnow_free(classifier);
  return 0;
}
