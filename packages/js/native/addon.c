/* The Node addon: the C interface of Winnow under N-API 8. Loading and classifying run on libuv's thread pool; results
 * come back as flat arrays, which src/native.ts makes predictions of.
 *
 *   load(path, {threads, weights, longText, foldDisguises, skipVerify}) -> Promise of a model; numbers of winnow_load_options
 *   info(model) -> {labels, multiLabel}
 *   classify(model, texts, mode, threshold, abstainBelow) -> Promise of results
 *   classifySync(model, texts, mode, threshold, abstainBelow) -> results
 *   release(model)
 *   fold(text) -> the text without disguises
 *
 * A model is used by one JavaScript thread, so that its counters need no lock; every worker loads its own. */
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "winnow/winnow.h"

typedef struct {
  winnow_classifier* classifier; /* NULL once released */
  size_t users;                  /* calls under way, and 1 until it is released */
} model;

static void drop(model* used) {
  if (--used->users > 0) return;
  winnow_free(used->classifier);
  used->classifier = NULL;
}

static void collect_model(napi_env env, void* data, void* hint) {
  model* dead = data;
  (void)env;
  (void)hint;
  winnow_free(dead->classifier);
  free(dead);
}

/* One call, which owns its arguments. */
typedef struct {
  model* model;
  char* path; /* of a load */
  winnow_load_options load_options;
  char** texts;
  size_t* sizes;
  size_t count;
  winnow_classify_options options;
  winnow_classifier* loaded;
  winnow_results* results;
  winnow_error* error;
  napi_ref keep; /* the model, from collection */
  napi_deferred deferred;
  napi_async_work work;
} call;

static void free_call(call* done) {
  size_t i;
  if (done == NULL) return;
  for (i = 0; done->texts != NULL && i < done->count; ++i) free(done->texts[i]);
  free(done->texts);
  free(done->sizes);
  free(done->path);
  winnow_results_free(done->results);
  winnow_error_free(done->error);
  free(done);
}

static napi_value text_value(napi_env env, const char* text) {
  napi_value value = NULL;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

/* An Error with code and hint, as src/errors.ts reads them. */
static napi_value error_value(napi_env env, const winnow_error* error) {
  napi_value value = NULL;
  napi_create_error(env, text_value(env, winnow_code_name(winnow_error_code(error))),
                    text_value(env, winnow_error_message(error)), &value);
  napi_set_named_property(env, value, "hint", text_value(env, winnow_error_hint(error)));
  return value;
}

static napi_value throw_type(napi_env env, const char* message) {
  napi_throw_type_error(env, "InvalidArgument", message);
  return NULL;
}

/* A text of JavaScript as UTF-8, lone surrogates as U+FFFD; NULL, and an exception, if it is none. */
static char* copy_text(napi_env env, napi_value value, size_t* size) {
  char* text;
  if (napi_get_value_string_utf8(env, value, NULL, 0, size) != napi_ok) {
    throw_type(env, "a text is not a string");
    return NULL;
  }
  text = malloc(*size + 1);
  if (text == NULL) {
    napi_throw_error(env, "Internal", "out of memory");
    return NULL;
  }
  napi_get_value_string_utf8(env, value, text, *size + 1, size);
  return text;
}

/* Gives `object` an array of that name, and its elements in `*data`; false if there is no memory for it, or if the thread of
 * JavaScript ends. */
static bool add_array(napi_env env, napi_value object, const char* name, napi_typedarray_type type, size_t count,
                      size_t width, void** data) {
  napi_value buffer = NULL, array = NULL;
  return napi_create_arraybuffer(env, count * width, data, &buffer) == napi_ok &&
         napi_create_typedarray(env, type, count, buffer, 0, &array) == napi_ok &&
         napi_set_named_property(env, object, name, array) == napi_ok;
}

/* The labels of texts that are out of scope, and the decided ones of multi-label models, which few models have. */
static void set_label_lists(napi_env env, napi_value result, const winnow_results* results, size_t count) {
  napi_value decided = NULL, item = NULL;
  size_t i, j;
  for (i = 0; i < count; ++i) {
    const winnow_prediction* prediction = winnow_results_at(results, i);
    if (prediction->out_of_scope)
      napi_set_named_property(env, result, "outOfScopeLabel", text_value(env, prediction->label));
    if (prediction->label_count == 0) continue;
    if (decided == NULL) napi_create_array_with_length(env, count, &decided);
    napi_create_array_with_length(env, prediction->label_count, &item);
    for (j = 0; j < prediction->label_count; ++j) {
      napi_set_element(env, item, (uint32_t)j, text_value(env, prediction->labels[j]));
    }
    napi_set_element(env, decided, (uint32_t)i, item);
  }
  if (decided != NULL) napi_set_named_property(env, result, "decided", decided);
}

/* {label: Int32Array, score, confidence: Float32Array, flags: Uint8Array, ids: Int32Array, scores: Float32Array}; NULL if that
 * cannot be made. */
static napi_value results_value(napi_env env, const winnow_results* results) {
  const size_t count = winnow_results_count(results);
  const size_t labels = count == 0 ? 0 : winnow_results_at(results, 0)->score_count;
  napi_value result = NULL;
  void *label, *score, *confidence, *flags, *ids, *scores;
  size_t i, j;
  if (napi_create_object(env, &result) != napi_ok ||
      !add_array(env, result, "label", napi_int32_array, count, 4, &label) ||
      !add_array(env, result, "score", napi_float32_array, count, 4, &score) ||
      !add_array(env, result, "confidence", napi_float32_array, count, 4, &confidence) ||
      !add_array(env, result, "flags", napi_uint8_array, count, 1, &flags) ||
      !add_array(env, result, "ids", napi_int32_array, count * labels, 4, &ids) ||
      !add_array(env, result, "scores", napi_float32_array, count * labels, 4, &scores)) {
    return NULL;
  }
  for (i = 0; i < count; ++i) {
    const winnow_prediction* prediction = winnow_results_at(results, i);
    ((int32_t*)label)[i] = prediction->label_id;
    ((float*)score)[i] = prediction->score;
    ((float*)confidence)[i] = prediction->confidence;
    ((uint8_t*)flags)[i] = (uint8_t)((prediction->abstained ? 1 : 0) | (prediction->out_of_scope ? 2 : 0));
    for (j = 0; j < labels; ++j) {
      ((int32_t*)ids)[i * labels + j] = prediction->scores[j].id;
      ((float*)scores)[i * labels + j] = prediction->scores[j].score;
    }
  }
  set_label_lists(env, result, results, count);
  return result;
}

/* The exception that is pending because a value could not be made, else an error that says so. */
static napi_value failure(napi_env env) {
  napi_value error = NULL;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending && napi_get_and_clear_last_exception(env, &error) == napi_ok) return error;
  napi_create_error(env, text_value(env, "Internal"), text_value(env, "there is no memory for the results"), &error);
  return error;
}

/* Settles the promise of a call by its error, or by its value; NULL: a value that could not be made. Where the thread of
 * JavaScript ends, nobody waits, and none of these calls has an effect. */
static void settle(napi_env env, call* done, napi_value value) {
  if (done->error != NULL) {
    napi_reject_deferred(env, done->deferred, error_value(env, done->error));
  } else if (value == NULL) {
    napi_reject_deferred(env, done->deferred, failure(env));
  } else {
    napi_resolve_deferred(env, done->deferred, value);
  }
  napi_delete_async_work(env, done->work);
  free_call(done);
}

/* Queues the call and returns its promise. */
static napi_value start(napi_env env, call* begun, const char* name, napi_async_execute_callback execute,
                        napi_async_complete_callback complete) {
  napi_value promise = NULL;
  napi_create_promise(env, &begun->deferred, &promise);
  napi_create_async_work(env, NULL, text_value(env, name), execute, complete, begun, &begun->work);
  napi_queue_async_work(env, begun->work);
  return promise;
}

static void run_load(napi_env env, void* data) {
  call* begun = data;
  (void)env;
  winnow_load(begun->path, &begun->load_options, &begun->loaded, &begun->error);
}

static void end_load(napi_env env, napi_status status, void* data) {
  call* done = data;
  napi_value value = NULL;
  model* loaded;
  if (status == napi_cancelled) { /* the thread of JavaScript ends */
    winnow_free(done->loaded);
    free_call(done);
    return;
  }
  if (done->error == NULL) {
    loaded = malloc(sizeof *loaded);
    if (loaded != NULL) {
      loaded->classifier = done->loaded;
      loaded->users = 1;
    }
    if (loaded == NULL || napi_create_external(env, loaded, collect_model, NULL, &value) != napi_ok) {
      winnow_free(done->loaded);
      free(loaded);
      value = NULL;
    }
  }
  settle(env, done, value);
}

static int32_t member(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  int32_t number = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_int32(env, value, &number);
  return number;
}

static napi_value load(napi_env env, napi_callback_info info) {
  size_t count = 2, size = 0;
  napi_value arguments[2];
  call* begun = calloc(1, sizeof *begun);
  if (begun == NULL) {
    napi_throw_error(env, "Internal", "out of memory");
    return NULL;
  }
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  begun->path = copy_text(env, arguments[0], &size);
  if (begun->path == NULL) {
    free_call(begun);
    return NULL;
  }
  begun->load_options.size = sizeof begun->load_options;
  begun->load_options.threads = member(env, arguments[1], "threads");
  begun->load_options.weights = member(env, arguments[1], "weights");
  begun->load_options.long_text = member(env, arguments[1], "longText");
  begun->load_options.fold_disguises = member(env, arguments[1], "foldDisguises");
  begun->load_options.skip_verify = member(env, arguments[1], "skipVerify");
  return start(env, begun, "winnow.load", run_load, end_load);
}

/* The model of an argument; NULL, and an exception, if it is none or has been released. */
static model* model_of(napi_env env, napi_value value) {
  void* data = NULL;
  model* found;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == NULL) {
    throw_type(env, "this is not a model");
    return NULL;
  }
  found = data;
  if (found->classifier == NULL) {
    throw_type(env, "the model has been released");
    return NULL;
  }
  return found;
}

static napi_value info_of(napi_env env, napi_callback_info info) {
  size_t count = 1, i;
  napi_value argument, result = NULL, labels = NULL, multi = NULL;
  model* asked;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  asked = model_of(env, argument);
  if (asked == NULL) return NULL;
  napi_create_object(env, &result);
  napi_create_array_with_length(env, winnow_label_count(asked->classifier), &labels);
  for (i = 0; i < winnow_label_count(asked->classifier); ++i) {
    napi_set_element(env, labels, (uint32_t)i, text_value(env, winnow_label(asked->classifier, i)));
  }
  napi_set_named_property(env, result, "labels", labels);
  napi_get_boolean(env, winnow_multi_label(asked->classifier) != 0, &multi);
  napi_set_named_property(env, result, "multiLabel", multi);
  return result;
}

/* The call that arguments of JavaScript ask for; NULL, and an exception, if they are wrong. */
static call* call_of(napi_env env, napi_value* arguments) {
  uint32_t count = 0, i;
  double threshold = 0, abstain_below = 0;
  napi_value text = NULL;
  model* asked = model_of(env, arguments[0]);
  call* begun;
  if (asked == NULL) return NULL;
  if (napi_get_array_length(env, arguments[1], &count) != napi_ok) {
    throw_type(env, "the texts are not an array");
    return NULL;
  }
  begun = calloc(1, sizeof *begun);
  if (begun != NULL) {
    begun->model = asked;
    begun->texts = calloc((size_t)count + 1, sizeof *begun->texts);
    begun->sizes = calloc((size_t)count + 1, sizeof *begun->sizes);
  }
  if (begun == NULL || begun->texts == NULL || begun->sizes == NULL) {
    napi_throw_error(env, "Internal", "out of memory");
    free_call(begun);
    return NULL;
  }
  for (i = 0; i < count; ++i) {
    napi_get_element(env, arguments[1], i, &text);
    begun->texts[i] = copy_text(env, text, &begun->sizes[i]);
    if (begun->texts[i] == NULL) {
      free_call(begun);
      return NULL;
    }
    begun->count = i + 1;
  }
  begun->options.size = sizeof begun->options;
  napi_get_value_int32(env, arguments[2], &begun->options.mode);
  napi_get_value_double(env, arguments[3], &threshold);
  napi_get_value_double(env, arguments[4], &abstain_below);
  begun->options.threshold = (float)threshold;
  begun->options.abstain_below = (float)abstain_below;
  return begun;
}

static void run_classify(napi_env env, void* data) {
  call* begun = data;
  (void)env;
  winnow_classify_many(begun->model->classifier, (const char* const*)begun->texts, begun->sizes, begun->count,
                       &begun->options, &begun->results, &begun->error);
}

static void end_classify(napi_env env, napi_status status, void* data) {
  call* done = data;
  drop(done->model);
  if (status == napi_cancelled) {
    free_call(done);
    return;
  }
  napi_delete_reference(env, done->keep);
  settle(env, done, done->error == NULL ? results_value(env, done->results) : NULL);
}

static napi_value classify(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5];
  call* begun;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  begun = call_of(env, arguments);
  if (begun == NULL) return NULL;
  ++begun->model->users;
  napi_create_reference(env, arguments[0], 1, &begun->keep);
  return start(env, begun, "winnow.classify", run_classify, end_classify);
}

static napi_value classify_sync(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5], value = NULL;
  call* begun;
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  begun = call_of(env, arguments);
  if (begun == NULL) return NULL;
  run_classify(env, begun);
  if (begun->error != NULL) {
    napi_throw(env, error_value(env, begun->error));
  } else {
    value = results_value(env, begun->results);
    if (value == NULL) napi_throw(env, failure(env));
  }
  free_call(begun);
  return value;
}

static napi_value release(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  model* released;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  released = model_of(env, argument);
  if (released != NULL) drop(released);
  return NULL;
}

static napi_value fold(napi_env env, napi_callback_info info) {
  size_t count = 1, size = 0, folded_size = 0;
  napi_value argument, value = NULL;
  winnow_error* error = NULL;
  char *text, *folded = NULL;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  text = copy_text(env, argument, &size);
  if (text == NULL) return NULL;
  if (winnow_fold_disguises(text, size, &folded, &folded_size, &error) != WINNOW_OK) {
    napi_throw(env, error_value(env, error));
  } else {
    napi_create_string_utf8(env, folded, folded_size, &value);
  }
  winnow_error_free(error);
  winnow_string_free(folded);
  free(text);
  return value;
}

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback function;
  } functions[] = {{"load", load},       {"info", info_of}, {"classify", classify}, {"classifySync", classify_sync},
                   {"release", release}, {"fold", fold}};
  napi_value function = NULL;
  size_t i;
  for (i = 0; i < sizeof functions / sizeof functions[0]; ++i) {
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  napi_set_named_property(env, exports, "version", text_value(env, winnow_version()));
  return exports;
}
