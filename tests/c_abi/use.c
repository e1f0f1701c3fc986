/* Uses every function of winnow/winnow.h as a program in C does: use DATA DIRECTORY. Prints "label confidence" of the
 * texts of DIRECTORY/texts.txt, a line each; ends with 1 and a message if something is not as the header says. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <winnow/winnow.h>

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      fprintf(stderr, "use.c:%d: %s does not hold\n", __LINE__, #condition); \
      exit(1);                                                               \
    }                                                                        \
  } while (0)

/* Whether a call failed with that code and with a message that has those words; frees the error. */
static int failed(winnow_code code, winnow_code expected, winnow_error* error, const char* words) {
  const int right = code == expected && error != NULL && winnow_error_code(error) == expected &&
                    strstr(winnow_error_message(error), words) != NULL && winnow_error_hint(error) != NULL;
  if (!right) fprintf(stderr, "%s: %s\n", winnow_code_name(code), winnow_error_message(error));
  winnow_error_free(error);
  return right;
}

/* That a call fails with that code and with a message that has those words. */
#define FAILS(call, expected, words)             \
  do {                                           \
    const winnow_code code = (call);             \
    CHECK(failed(code, expected, error, words)); \
    error = NULL;                                \
  } while (0)

enum { kMost = 2000, kThreads = 4 };
static char* texts[kMost];
static size_t count = 0;
static winnow_classifier* classifier = NULL;

static int32_t on_progress(const winnow_train_progress* progress, void* user) {
  int* calls = user;
  CHECK(progress->message != NULL && progress->step >= 0);
  ++*calls;
  return 1;
}

static int32_t stop(const winnow_train_progress* progress, void* user) {
  (void)progress;
  (void)user;
  return 0;
}

static void train(const char* data, const char* directory) {
  char plan[4096];
  char* report = NULL;
  winnow_error* error = NULL;
  int calls = 0;
  snprintf(plan, sizeof plan,
           "{\"data\": [\"%s\"], \"output_dir\": \"%s/by_c\", \"kind\": \"lr\", \"C\": 10, \"threads\": 1}", data,
           directory);
  CHECK(winnow_train(plan, on_progress, &calls, &report, &error) == WINNOW_OK);
  CHECK(error == NULL && calls > 0 && strstr(report, "\"f1_macro\"") != NULL);
  winnow_string_free(report);
  FAILS(winnow_train("{\"data\": \"x.tsv\", \"epoch\": 3}", NULL, NULL, NULL, &error), WINNOW_INVALID_ARGUMENT,
        "epoch");
  FAILS(winnow_train("{\"data\": []", NULL, NULL, &report, &error), WINNOW_INVALID_DATA, "plan");
  snprintf(plan, sizeof plan, "{\"data\": [\"%s\"], \"output_dir\": \"%s/stopped\", \"base_model\": \"scratch\"}", data,
           directory);
  FAILS(winnow_train(plan, stop, NULL, &report, &error), WINNOW_CANCELLED, "");
  CHECK(report == NULL);
  FAILS(winnow_train("{\"data\": [\"x.tsv\"], \"output-dir\": \"y\", \"folds\": 3}", NULL, NULL, NULL, &error),
        WINNOW_UNSUPPORTED, "folds");
  FAILS(winnow_train("{\"data\": \"x.tsv\", \"output-dir\": \"y\\u0000z\"}", NULL, NULL, NULL, &error),
        WINNOW_INVALID_ARGUMENT, "y?z' contains a NUL byte");
}

static void check_errors(const char* directory) {
  char path[4096];
  winnow_error* error = NULL;
  winnow_results* results = NULL;
  winnow_classifier* other = classifier;
  struct {
    winnow_load_options known;
    int32_t added[4];
  } newer = {{.size = sizeof newer, .threads = 1}, {0}};
  winnow_load_options wrong = {.size = sizeof wrong, .weights = 7};
  winnow_classify_options options = {.size = 4};
  snprintf(path, sizeof path, "%s/nothing", directory);
  FAILS(winnow_load(path, NULL, &other, &error), WINNOW_NOT_FOUND, "nothing");
  CHECK(other == NULL);
  CHECK(winnow_load(path, NULL, &other, NULL) == WINNOW_NOT_FOUND);
  FAILS(winnow_load(path, &wrong, &other, &error), WINNOW_INVALID_ARGUMENT, "weights is 7");
  snprintf(path, sizeof path, "%s/model", directory);
  error = NULL;
  CHECK(winnow_load(path, &newer.known, &other, &error) == WINNOW_OK && error == NULL);
  winnow_free(other);
  newer.added[3] = 1;
  FAILS(winnow_load(path, &newer.known, &other, &error), WINNOW_UNSUPPORTED, "member");
  FAILS(winnow_classify(classifier, "a", 1, &options, &results, &error), WINNOW_INVALID_ARGUMENT, "size is 4");
  options.size = sizeof options;
  options.reserved = 1;
  FAILS(winnow_classify(classifier, "a", 1, &options, &results, &error), WINNOW_UNSUPPORTED, "reserved");
  options.reserved = 0;
  options.threshold = 2;
  FAILS(winnow_classify(classifier, "a", 1, &options, &results, &error), WINNOW_INVALID_ARGUMENT, "threshold");
  FAILS(winnow_classify(classifier, NULL, 0, NULL, &results, &error), WINNOW_INVALID_ARGUMENT, "NULL");
  CHECK(results == NULL);
  CHECK(winnow_classify_many(classifier, NULL, NULL, 0, NULL, &results, NULL) == WINNOW_OK);
  CHECK(winnow_results_count(results) == 0 && winnow_results_at(results, 0) == NULL);
  winnow_results_free(results);
  winnow_results_free(NULL);
  winnow_free(NULL);
  winnow_error_free(NULL);
  winnow_string_free(NULL);
  CHECK(strcmp(winnow_code_name((winnow_code)99), "Unknown") == 0 && strcmp(winnow_code_name(WINNOW_IO), "Io") == 0);
  CHECK(winnow_label(classifier, winnow_label_count(classifier)) == NULL);
  CHECK(winnow_results_count(NULL) == 0 && winnow_results_at(NULL, 0) == NULL);
  CHECK(winnow_label_count(NULL) == 0 && winnow_label(NULL, 0) == NULL && winnow_multi_label(NULL) == 0);
  CHECK(winnow_error_code(NULL) == WINNOW_OK && *winnow_error_message(NULL) == 0 && *winnow_error_hint(NULL) == 0);
}

/* A forked child, which has no threads of its parent, gets an error in place of an endless wait, and loads its own. */
static void check_fork(const char* directory) {
  int status = 0;
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    char path[4096];
    winnow_error* error = NULL;
    winnow_results* results = NULL;
    FAILS(winnow_classify(classifier, "a", 1, NULL, &results, &error), WINNOW_UNSUPPORTED, "parent");
    winnow_free(classifier);
    snprintf(path, sizeof path, "%s/model", directory);
    CHECK(winnow_load(path, NULL, &classifier, NULL) == WINNOW_OK);
    CHECK(winnow_classify(classifier, "a", 1, NULL, &results, NULL) == WINNOW_OK);
    winnow_results_free(results);
    winnow_free(classifier);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_folding(void) {
  winnow_error* error = NULL;
  char* folded = NULL;
  size_t size = 0;
  CHECK(winnow_fold_disguises("f r e e  m0ney", WINNOW_TERMINATED, &folded, &size, &error) == WINNOW_OK);
  CHECK(error == NULL && size == strlen(folded) && strstr(folded, "free") != NULL);
  winnow_string_free(folded);
  FAILS(winnow_fold_disguises(NULL, 0, &folded, &size, &error), WINNOW_INVALID_ARGUMENT, "NULL");
  CHECK(folded == NULL && size == 0);
}

/* U+001E, which divides the segments of a template's text, is a space in a caller's. */
static void check_separators(void) {
  static const char* const both[] = {"win\x1e" "a prize\x1e", "win a prize "};
  winnow_results* results = NULL;
  CHECK(winnow_classify_many(classifier, both, NULL, 2, NULL, &results, NULL) == WINNOW_OK);
  CHECK(winnow_results_at(results, 0)->confidence == winnow_results_at(results, 1)->confidence);
  winnow_results_free(results);
}

static void read_texts(const char* directory) {
  char line[65536];
  FILE* file;
  snprintf(line, sizeof line, "%s/texts.txt", directory);
  file = fopen(line, "rb");
  CHECK(file != NULL);
  while (count < kMost && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    texts[count] = malloc(strlen(line) + 1);
    strcpy(texts[count++], line);
  }
  fclose(file);
}

/* Every thread classifies every text on its own, and gets what the call for all texts got. */
static void* classify_alone(void* expected) {
  size_t i;
  for (i = 0; i < count; ++i) {
    winnow_results* results = NULL;
    const winnow_prediction* wanted = winnow_results_at(expected, i);
    CHECK(winnow_classify(classifier, texts[i], strlen(texts[i]), NULL, &results, NULL) == WINNOW_OK);
    CHECK(winnow_results_at(results, 0)->label == wanted->label);
    CHECK(winnow_results_at(results, 0)->confidence == wanted->confidence);
    winnow_results_free(results);
  }
  return NULL;
}

static void check_prediction(const winnow_prediction* prediction) {
  double sum = 0;
  size_t i;
  CHECK(prediction->score_count == winnow_label_count(classifier) && prediction->label_count == 0);
  for (i = 0; i < prediction->score_count; ++i) {
    const winnow_label_score* score = &prediction->scores[i];
    CHECK(score->label == winnow_label(classifier, (size_t)score->id));
    CHECK(i == 0 || score->score <= prediction->scores[i - 1].score);
    sum += score->score;
  }
  CHECK(sum > 0.9999 && sum < 1.0001);
  CHECK(prediction->label == winnow_label(classifier, (size_t)prediction->label_id));
}

int main(int argc, char** argv) {
  char path[4096];
  winnow_results* results = NULL;
  winnow_error* error = NULL;
  pthread_t threads[kThreads];
  const winnow_load_options options = {.size = sizeof options, .threads = 2};
  size_t i;
  CHECK(argc == 3);
  CHECK(winnow_version()[0] >= '0' && winnow_version()[0] <= '9');
  train(argv[1], argv[2]);
  read_texts(argv[2]);
  snprintf(path, sizeof path, "%s/model", argv[2]);
  CHECK(winnow_load(path, &options, &classifier, &error) == WINNOW_OK && error == NULL);
  CHECK(winnow_label_count(classifier) == 2 && winnow_multi_label(classifier) == 0);
  CHECK(winnow_classify_many(classifier, (const char* const*)texts, NULL, count, NULL, &results, &error) == WINNOW_OK);
  CHECK(winnow_results_count(results) == count);
  for (i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, classify_alone, results) == 0);
  for (i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  for (i = 0; i < count; ++i) {
    check_prediction(winnow_results_at(results, i));
    printf("%s %.6f\n", winnow_results_at(results, i)->label, (double)winnow_results_at(results, i)->confidence);
  }
  check_separators();
  check_errors(argv[2]);
  fflush(stdout);
  check_fork(argv[2]);
  check_folding();
  winnow_results_free(results);
  winnow_free(classifier);
  for (i = 0; i < count; ++i) free(texts[i]);
  return 0;
}
