/** The C interface of libwinnow: trains classifiers, loads them and classifies texts. Standard C99.
 *
 *    winnow_error* error = NULL;
 *    winnow_classifier* spam = NULL;
 *    winnow_results* results = NULL;
 *    if (winnow_load("spam", NULL, &spam, &error) != WINNOW_OK ||
 *        winnow_classify(spam, "You won a prize", WINNOW_TERMINATED, NULL, &results, &error) != WINNOW_OK) {
 *      fprintf(stderr, "%s\n", winnow_error_message(error));
 *    } else {
 *      printf("%s\n", winnow_results_at(results, 0)->label);
 *    }
 *    winnow_results_free(results);
 *    winnow_free(spam);
 *    winnow_error_free(error);
 *
 * Texts, names and paths are UTF-8. Invalid bytes of a text that is classified become U+FFFD.
 *
 * Ownership: an object that a function returns through a pointer belongs to the caller, who frees it with the function
 * named there. Functions that free accept NULL. Those that read an object do too, as one with nothing in it: they
 * return 0, NULL, or "" for an error's texts. What a `const` pointer of a result refers to belongs to the object that
 * it was read from, and lives as long as that object. No function keeps an argument after it has returned.
 *
 * Threads: every function may be called by any thread. Any number of threads may use one object at the same time; an
 * object is freed when no call uses it any more. There is no state per thread and none of the process that a caller
 * has to initialise. A child of fork(2) has none of the threads of its parent: a classifier of the parent that was
 * loaded with more than one thread is refused there (WINNOW_UNSUPPORTED), and winnow_free leaves its memory alone; the
 * child loads the bundle itself.
 *
 * Errors: functions that can fail return a winnow_code. If it is not WINNOW_OK, what the function would have returned
 * is set to NULL, and `*error`, unless `error` is NULL, to a new object with the message, which winnow_error_free
 * frees. No error object is made otherwise, and `*error` is then not written.
 *
 * Growth: structs of options begin with their size, which the caller sets to sizeof. Members are only ever added at the
 * end, and 0 always means the default. A library refuses (WINNOW_UNSUPPORTED) members that it does not know unless they
 * are 0, and takes those that an older caller lacks as 0. Structs that the library returns also only grow at their end;
 * callers read them through the pointers that they were given, and make no array of them. Enumerations may receive more
 * values. Symbols have the version WINNOW_0.1.
 */
#ifndef WINNOW_WINNOW_H_
#define WINNOW_WINNOW_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WINNOW_API __attribute__((visibility("default")))
#else
#define WINNOW_API
#endif

/** The kind of an error; the values of winnow::ErrorCode, after WINNOW_OK. */
typedef enum winnow_code {
  WINNOW_OK = 0,
  WINNOW_INVALID_ARGUMENT = 1, /**< an option or argument is not valid */
  WINNOW_INVALID_DATA = 2,     /**< the contents of a data file are not valid */
  WINNOW_INVALID_MODEL = 3,    /**< the contents of a bundle are not valid */
  WINNOW_NOT_FOUND = 4,        /**< a file, model or name does not exist */
  WINNOW_EXISTS = 5,           /**< a file or name exists already and is not replaced */
  WINNOW_IO = 6,               /**< the system reported an error, for instance missing permission or a full disk */
  WINNOW_NETWORK = 7,          /**< a remote host could not be reached or sent a response that is not valid */
  WINNOW_CANCELLED = 8,        /**< the callback ended the operation */
  WINNOW_UNSUPPORTED = 9,      /**< the request is valid, but this version does not support it */
  WINNOW_INTERNAL = 10         /**< memory ran out, or a fault of Winnow itself */
} winnow_code;

/** Description of an error. Freed with winnow_error_free. */
typedef struct winnow_error winnow_error;
WINNOW_API winnow_code winnow_error_code(const winnow_error* error);
/** Returns what went wrong, with the place and the values that disagree. */
WINNOW_API const char* winnow_error_message(const winnow_error* error);
/** Returns advice on how to correct the error, or "". */
WINNOW_API const char* winnow_error_hint(const winnow_error* error);
WINNOW_API void winnow_error_free(winnow_error* error);

/** Returns the version of the library, such as "0.1.0". The text is never freed. */
WINNOW_API const char* winnow_version(void);

/** Returns the name of a code, such as "NotFound"; "Unknown" for other numbers. The text is never freed. */
WINNOW_API const char* winnow_code_name(winnow_code code);

/** A loaded classifier. It does not change, and any number of threads may classify with it at the same time. Freed with
 * winnow_free. */
typedef struct winnow_classifier winnow_classifier;

enum { WINNOW_WEIGHTS_AUTO = 0, WINNOW_WEIGHTS_FLOAT = 1, WINNOW_WEIGHTS_INT8 = 2 };
enum {
  WINNOW_LONG_TEXT_OF_BUNDLE = 0,
  WINNOW_LONG_TEXT_HEAD = 1,
  WINNOW_LONG_TEXT_HEAD_TAIL = 2,
  WINNOW_LONG_TEXT_WINDOWS = 3
};
enum { WINNOW_FOLD_OF_BUNDLE = 0, WINNOW_FOLD_OFF = 1, WINNOW_FOLD_ON = 2 };

/** Options of winnow_load: winnow_load_options options = {.size = sizeof options}; */
typedef struct winnow_load_options {
  size_t size;            /**< sizeof(winnow_load_options) */
  int32_t threads;        /**< number of threads that a call may use, the caller's included; 0: all cores */
  int32_t weights;        /**< WINNOW_WEIGHTS_...; AUTO: INT8 weights if the bundle has them */
  int32_t long_text;      /**< WINNOW_LONG_TEXT_...: which tokens of a long text are read */
  int32_t fold_disguises; /**< WINNOW_FOLD_...: whether obfuscated texts (fr33, f r e e) are folded */
  int32_t skip_verify;    /**< not 0: do not compare the files with the digests in winnow.json */
  int32_t reserved;       /**< 0 */
} winnow_load_options;

/** Loads a bundle, or a Hugging Face classifier directory. `options` may be NULL: the defaults. Errors:
 * WINNOW_INVALID_ARGUMENT for options, WINNOW_NOT_FOUND, WINNOW_IO, WINNOW_INVALID_MODEL, WINNOW_UNSUPPORTED. */
WINNOW_API winnow_code winnow_load(const char* bundle, const winnow_load_options* options,
                                   winnow_classifier** classifier, winnow_error** error);
WINNOW_API void winnow_free(winnow_classifier* classifier);

/** Returns the number of labels. */
WINNOW_API size_t winnow_label_count(const winnow_classifier* classifier);
/** Returns the name of the label of that id, NULL for an id that is not less than winnow_label_count. */
WINNOW_API const char* winnow_label(const winnow_classifier* classifier, size_t id);
/** Returns 1 if the model is multi-label (each label is decided separately), else 0. */
WINNOW_API int32_t winnow_multi_label(const winnow_classifier* classifier);

enum { WINNOW_MODE_MODERATE = 0, WINNOW_MODE_STRICT = 1, WINNOW_MODE_LENIENT = 2 };

/** Options of winnow_classify: winnow_classify_options options = {.size = sizeof options}; */
typedef struct winnow_classify_options {
  size_t size;         /**< sizeof(winnow_classify_options) */
  int32_t mode;        /**< WINNOW_MODE_...: strict gives the positive label most readily, lenient least; moderate for
                            models without a positive label */
  float threshold;     /**< decision threshold in place of that of the mode, less than 1; 0: that of the mode */
  float abstain_below; /**< confidence below which a decision is an abstention; 0: the bundle's; below 0: never */
  int32_t reserved;    /**< 0 */
} winnow_classify_options;

typedef struct winnow_label_score {
  const char* label;
  int32_t id;  /**< id of the label */
  float score; /**< calibrated probability of the label */
} winnow_label_score;

/** The prediction for one text. */
typedef struct winnow_prediction {
  const char* label; /**< the decided label; the most probable one if a multi-label model decided none */
  int32_t label_id;  /**< id of `label`; -1 for the name of out-of-scope texts, which is no label of the model */
  float score;       /**< single-label, two labels: probability of the positive label; otherwise of the decided one */
  float confidence;  /**< probability of the decided label; if none was decided, 1 minus the highest probability */
  int32_t abstained; /**< 1 if the prediction is too uncertain to act on, else 0 */
  int32_t out_of_scope;             /**< 1 if the text belongs to none of the labels, else 0 */
  uint32_t label_count;             /**< number of `labels` */
  const char* const* labels;        /**< all decided labels of a multi-label model */
  size_t score_count;               /**< number of `scores`, which is that of the labels */
  const winnow_label_score* scores; /**< the probabilities of all labels, the most probable label first */
} winnow_prediction;

/** The predictions for the texts of one call, in their order. Freed with winnow_results_free. Labels of a prediction
 * belong to the classifier, which must live as long as they are used. */
typedef struct winnow_results winnow_results;
WINNOW_API size_t winnow_results_count(const winnow_results* results);
/** Returns the prediction of the text of that index, NULL for an index that is not less than winnow_results_count. */
WINNOW_API const winnow_prediction* winnow_results_at(const winnow_results* results, size_t index);
WINNOW_API void winnow_results_free(winnow_results* results);

/** Size of a text that ends with a 0 byte. */
#define WINNOW_TERMINATED ((size_t)-1)

/** Classifies one text of `size` bytes. `options` may be NULL: the defaults. Errors: WINNOW_INVALID_ARGUMENT for
 * options, and for a threshold or a mode that the model cannot use; WINNOW_INVALID_MODEL if the tokenizer belongs to
 * another model, or its rules make the text grow without bound; WINNOW_UNSUPPORTED in a forked child. */
WINNOW_API winnow_code winnow_classify(const winnow_classifier* classifier, const char* text, size_t size,
                                       const winnow_classify_options* options, winnow_results** results,
                                       winnow_error** error);

/** Classifies `count` texts, which is several times faster than one call per text. `sizes` may be NULL: all texts end
 * with a 0 byte. Errors: those of winnow_classify; no text is classified then. */
WINNOW_API winnow_code winnow_classify_many(const winnow_classifier* classifier, const char* const* texts,
                                            const size_t* sizes, size_t count, const winnow_classify_options* options,
                                            winnow_results** results, winnow_error** error);

/** Undoes the obfuscation of a text of `size` bytes, as models and rules that fold texts do: invisible characters,
 * spaced letters, look-alike letters of other scripts, digits in place of letters. `folded` ends with a 0 byte and is
 * freed with winnow_string_free; `folded_size`, unless NULL, receives its number of bytes, 0 after an error. Errors:
 * WINNOW_INVALID_ARGUMENT for NULL. */
WINNOW_API winnow_code winnow_fold_disguises(const char* text, size_t size, char** folded, size_t* folded_size,
                                             winnow_error** error);

/** The progress of a training; lives as long as the call of the callback. */
typedef struct winnow_train_progress {
  int32_t step;        /**< number of completed steps; 0 before the first step and for linear models */
  int32_t total_steps; /**< total number of steps; 0 until it is known */
  double loss;         /**< training loss of the last step */
  double epoch;        /**< epoch of the last evaluation, 0 before it */
  double metric;       /**< value of the metric that chooses the best epoch, in the last evaluation */
  const char* message; /**< a line of text for people, or "" */
} winnow_train_progress;

/** Receives the progress of a training, in the thread that trains. Returning 0 ends the training with WINNOW_CANCELLED,
 * any other value goes on. It must not throw or jump out of the call. */
typedef int32_t (*winnow_train_callback)(const winnow_train_progress* progress, void* user);

/** Trains a model and writes its bundle, as `winnow train` does. `plan` is a JSON object of the options of that command
 * by their long names (docs/cli.md; hyphens and underscores are the same), with the files as "data":
 *
 *    {"data": ["messages.tsv"], "output-dir": "spam", "kind": "lr", "validation-size": 0.2, "augment": true}
 *
 * Values are strings, numbers, booleans for flags, and lists where an option may be repeated. Environment variables are
 * not read. "folds", "skip-training" and options of output to the terminal are refused. `callback` may be NULL; `user`
 * is passed on to it. `report`, unless NULL, receives the contents of training_info.json with the metrics, freed with
 * winnow_string_free. After an error no incomplete bundle is left. Several trainings may run at the same time if they
 * write to different directories. Errors: WINNOW_INVALID_ARGUMENT for the plan, WINNOW_INVALID_DATA if it is not JSON;
 * WINNOW_NOT_FOUND, WINNOW_IO and WINNOW_INVALID_DATA for data; WINNOW_NOT_FOUND, WINNOW_NETWORK, WINNOW_INVALID_MODEL
 * and WINNOW_UNSUPPORTED for base models; WINNOW_EXISTS for an output directory with other files; WINNOW_CANCELLED. */
WINNOW_API winnow_code winnow_train(const char* plan, winnow_train_callback callback, void* user, char** report,
                                    winnow_error** error);
WINNOW_API void winnow_string_free(char* text);

#ifdef __cplusplus
}
#endif

#endif /* WINNOW_WINNOW_H_ */
