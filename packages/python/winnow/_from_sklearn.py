"""Bundles of scikit-learn's text pipelines, without ONNX in between."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from winnow import _core
from winnow._classifier import Classifier, PathLike
from winnow._errors import UnsupportedError

Floats = npt.NDArray[np.float64]

# The token patterns that Winnow has, and the length of their shortest word.
_TOKEN_PATTERNS = {r"(?u)\b\w\w+\b": 2, r"\b\w\w+\b": 2, r"(?u)\b\w+\b": 1, r"\b\w+\b": 1, r"\w+": 1, r"(?u)\w+": 1}


def from_sklearn(
    pipeline: Any,
    output_dir: PathLike,
    *,
    labels: Optional[Sequence[str]] = None,
    positive_label: Optional[str] = None,
    name: str = "",
    overwrite: bool = False,
) -> Classifier:
    """Writes a fitted scikit-learn pipeline as a bundle and returns its classifier, whose probabilities are those of the
    pipeline (within 1e-6).

    pipeline: TfidfVectorizer, CountVectorizer (and TfidfTransformer), or a FeatureUnion of words and char_wb; then
        LogisticRegression, LinearSVC, SGDClassifier, MultinomialNB, OneVsRestClassifier or CalibratedClassifierCV
        (method="sigmoid", one classifier). Parameters that Winnow's linear models do not have are refused by name.
    labels: names of the classes, in the order of `classes_`; None: the classes as text.
    positive_label: the label that score and thresholds refer to; None: chosen by the names of the labels.
    name: name of the model; empty: the name of the directory.
    overwrite: replace a directory that holds something else than a Winnow model.

    LinearSVC and SGDClassifier with a hinge loss have no probabilities: the bundle decides as they do, but its scores
    are not calibrated until `winnow.calibrate` has seen labelled texts.
    """
    steps, calibrators = _steps_of(pipeline)
    features = _features_of(steps[:-1])
    model = _model_of(steps[-1], calibrators)
    classes = [str(value) for value in (model.classes if labels is None else labels)]
    if len(classes) != len(model.classes):
        raise UnsupportedError(
            f"labels: {len(classes)} names were given, but the pipeline has {len(model.classes)} classes",
            f"the classes are {', '.join(str(value) for value in model.classes)}",
        )
    weights = model.weights * features.scale[:, np.newaxis]
    if weights.shape[0] != len(features.names):
        raise UnsupportedError(
            f"the estimator has {weights.shape[0]} coefficients per class, but the vectorizers have "
            f"{len(features.names)} features",
            "the pipeline must not select or add features between its vectorizers and its estimator",
        )
    import sklearn

    document = {
        "analyzer": features.analyzer,
        "ngrams": features.ngrams,
        "char_ngrams": features.char_ngrams,
        "sublinear": features.sublinear,
        "lowercase": features.lowercase,
        "shortest_word": features.shortest_word,
        "normalize": features.normalize,
        "word_features": features.word_features,
        "kind": model.kind,
        "multi_label": model.multi_label,
        "labels": classes,
        "positive_label": positive_label,
        "name": name,
        "overwrite": overwrite,
        "estimator": type(steps[-1]).__name__,
        "producer": f"scikit-learn {sklearn.__version__}",
    }
    _core.write_linear_bundle(
        os.path.abspath(os.fspath(output_dir)),
        json.dumps(document),
        features.names,
        _float32(features.idf),
        _float32(weights),
        _float32(model.bias),
        _float32(model.platt.reshape(-1, 2)),
    )
    return Classifier(output_dir)


def _float32(values: Floats) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(values, dtype=np.float32)


def _refuse(step: Any, parameter: str, value: Any, hint: str) -> None:
    raise UnsupportedError(f"{type(step).__name__}({parameter}={value!r}) has no equal among Winnow's linear models", hint)


def _steps_of(pipeline: Any) -> Tuple[List[Any], Optional[List[Any]]]:
    """The steps of a pipeline, and the calibrators of a CalibratedClassifierCV around it."""
    if type(pipeline).__name__ == "CalibratedClassifierCV":
        calibrated = _one_calibrated(pipeline)
        inner = _unwrapped(calibrated.estimator)
        if hasattr(inner, "steps"):
            return _steps_of(inner)[0], list(calibrated.calibrators)
    if not hasattr(pipeline, "steps"):
        raise UnsupportedError(
            f"a fitted Pipeline was expected, not {type(pipeline).__name__}",
            "put vectorizer and estimator into one: make_pipeline(vectorizer, estimator)",
        )
    steps = [step for _, step in pipeline.steps if step is not None and step != "passthrough"]
    if len(steps) < 2:
        raise UnsupportedError("the pipeline has fewer than two steps", "it needs a vectorizer and an estimator")
    return steps, None


def _unwrapped(estimator: Any) -> Any:
    return estimator.estimator if type(estimator).__name__ == "FrozenEstimator" else estimator


# --- features ---------------------------------------------------------------------------------------------------------


@dataclass
class _Features:
    analyzer: str
    ngrams: List[int]
    char_ngrams: List[int]
    sublinear: bool
    lowercase: bool
    shortest_word: int
    normalize: bool
    names: List[str]
    word_features: int  # of a union
    idf: Floats
    scale: Floats  # of the coefficients, by the weights of a FeatureUnion


def _features_of(steps: List[Any]) -> _Features:
    first, rest = steps[0], steps[1:]
    kind = type(first).__name__
    if kind == "FeatureUnion":
        if rest:
            raise UnsupportedError(f"{type(rest[0]).__name__} after a FeatureUnion is not supported", "")
        return _features_of_union(first)
    if kind == "Pipeline":
        return _features_of([step for _, step in first.steps if step != "passthrough"] + rest)
    if kind not in ("TfidfVectorizer", "CountVectorizer"):
        raise UnsupportedError(
            f"the step {kind} has no equal among Winnow's features",
            "supported are TfidfVectorizer, CountVectorizer with TfidfTransformer, and a FeatureUnion of these",
        )
    if not rest:
        return _features_of_vectorizer(first, first if kind == "TfidfVectorizer" else None)
    if kind == "CountVectorizer" and len(rest) == 1 and type(rest[0]).__name__ == "TfidfTransformer":
        return _features_of_vectorizer(first, rest[0])
    raise UnsupportedError(
        f"the step {type(rest[-1]).__name__} between vectorizer and estimator is not supported",
        "fit a pipeline of vectorizer and estimator alone",
    )


def _features_of_vectorizer(vectorizer: Any, tfidf: Optional[Any]) -> _Features:
    shortest_word = _check_vectorizer(vectorizer)
    vocabulary = vectorizer.vocabulary_
    names = [""] * len(vocabulary)
    for term, column in vocabulary.items():
        names[column] = term
    idf = np.ones(len(names))
    if tfidf is not None:
        if tfidf.norm not in ("l2", None):
            _refuse(tfidf, "norm", tfidf.norm, "use norm='l2'")
        if tfidf.use_idf:
            idf = np.asarray(tfidf.idf_, dtype=np.float64)
    least, most = vectorizer.ngram_range
    return _Features(
        analyzer=vectorizer.analyzer,
        ngrams=[int(least), int(most)],
        char_ngrams=[1, 5],
        sublinear=tfidf is not None and bool(tfidf.sublinear_tf),
        lowercase=bool(vectorizer.lowercase),
        shortest_word=shortest_word,
        normalize=tfidf is not None and tfidf.norm == "l2",
        names=names,
        word_features=0,
        idf=idf,
        scale=np.ones(len(names)),
    )


def _check_vectorizer(vectorizer: Any) -> int:
    """Refuses parameters that Winnow does not have; returns the length of the shortest word."""
    for parameter in ("strip_accents", "preprocessor", "tokenizer"):
        if getattr(vectorizer, parameter) is not None:
            _refuse(vectorizer, parameter, getattr(vectorizer, parameter), f"fit the vectorizer with {parameter}=None")
    if vectorizer.input != "content":
        _refuse(vectorizer, "input", vectorizer.input, "fit the vectorizer on the texts themselves")
    if vectorizer.binary:
        _refuse(vectorizer, "binary", True, "fit the vectorizer with binary=False")
    if not isinstance(vectorizer.analyzer, str):
        _refuse(vectorizer, "analyzer", vectorizer.analyzer, "use 'word', 'char' or 'char_wb'")
    if vectorizer.analyzer != "word":
        return 2
    # Words that are left out make no difference to single words: they are not in the vocabulary.
    if vectorizer.stop_words is not None and tuple(vectorizer.ngram_range) != (1, 1):
        _refuse(vectorizer, "stop_words", vectorizer.stop_words, "fit with stop_words=None, or with ngram_range=(1, 1)")
    if vectorizer.token_pattern not in _TOKEN_PATTERNS:
        _refuse(vectorizer, "token_pattern", vectorizer.token_pattern, r"use r'(?u)\b\w\w+\b' or r'(?u)\b\w+\b'")
    return _TOKEN_PATTERNS[vectorizer.token_pattern]


def _features_of_union(union: Any) -> _Features:
    parts = []
    for name, step in union.transformer_list:
        if step in (None, "drop"):
            continue
        part = _features_of([step])
        part.scale = part.scale * (union.transformer_weights or {}).get(name, 1)
        parts.append(part)
    if len(parts) == 1:
        return parts[0]
    if sorted(part.analyzer for part in parts) != ["char_wb", "word"]:
        raise UnsupportedError(
            f"a FeatureUnion of {', '.join(part.analyzer for part in parts)} has no equal among Winnow's features",
            "supported is a union of one vectorizer with analyzer='word' and one with analyzer='char_wb'",
        )
    words, characters = sorted(parts, key=lambda part: part.analyzer, reverse=True)
    for parameter in ("sublinear", "lowercase", "normalize"):
        if getattr(words, parameter) != getattr(characters, parameter):
            raise UnsupportedError(
                f"the vectorizers of the FeatureUnion differ in '{parameter}'", "fit them with equal parameters"
            )
    if parts[0] is not words:
        raise UnsupportedError(
            "the FeatureUnion has its characters before its words", "fit it with the vectorizer of words first"
        )
    words.analyzer = "both"
    words.char_ngrams = characters.ngrams
    words.word_features = len(words.names)
    words.names = words.names + characters.names
    words.idf = np.concatenate([words.idf, characters.idf])
    words.scale = np.concatenate([words.scale, characters.scale])
    return words


# --- models -----------------------------------------------------------------------------------------------------------


@dataclass
class _Model:
    kind: str  # "logistic", "one_vs_rest" or "svm"
    classes: List[Any]
    weights: Floats  # [features, outputs]
    bias: Floats  # [outputs]
    platt: Floats  # [outputs, 2], or [0, 2]
    multi_label: bool = False


def _dense(values: Any) -> Floats:
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)


def _model_of(estimator: Any, calibrators: Optional[List[Any]]) -> _Model:
    name = type(estimator).__name__
    if name == "CalibratedClassifierCV":
        calibrated = _one_calibrated(estimator)
        return _calibrated(_model_of(_unwrapped(calibrated.estimator), None), list(calibrated.calibrators))
    model = _linear_model(estimator, name)
    return model if calibrators is None else _calibrated(model, calibrators)


def _linear_model(estimator: Any, name: str) -> _Model:
    if name == "OneVsRestClassifier":
        return _one_vs_rest(estimator)
    if name == "MultinomialNB":
        return _naive_bayes(estimator)
    if name in ("LogisticRegression", "LogisticRegressionCV"):
        kind = _kind_of_logistic(estimator)
    elif name == "LinearSVC":
        kind = "svm"
    elif name == "SGDClassifier":
        kinds = {"log_loss": "one_vs_rest", "hinge": "svm", "squared_hinge": "svm", "perceptron": "svm"}
        if estimator.loss not in kinds:
            _refuse(estimator, "loss", estimator.loss, "use loss='log_loss' or loss='hinge'")
        kind = kinds[estimator.loss]
    else:
        raise UnsupportedError(
            f"the estimator {name} has no equal among Winnow's linear models",
            "supported are LogisticRegression, LinearSVC, SGDClassifier, MultinomialNB, OneVsRestClassifier and "
            "CalibratedClassifierCV of these",
        )
    weights = _dense(estimator.coef_).T
    bias = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64), (weights.shape[1],)).copy()
    if kind == "multinomial_of_two":  # softmax of (-z, z), which is the logistic function of 2 z
        kind, weights, bias = "logistic", 2 * weights, 2 * bias
    return _Model(kind, list(estimator.classes_), weights, bias, np.zeros((0, 2)))


def _kind_of_logistic(estimator: Any) -> str:
    multi_class = getattr(estimator, "multi_class", "deprecated")
    two = len(estimator.classes_) == 2
    if multi_class == "multinomial":
        return "multinomial_of_two" if two else "logistic"
    return "one_vs_rest" if not two and (multi_class == "ovr" or estimator.solver == "liblinear") else "logistic"


def _one_vs_rest(estimator: Any) -> _Model:
    models = [_linear_model(inner, type(inner).__name__) for inner in estimator.estimators_]
    kinds = {model.kind for model in models}
    if not kinds <= {"logistic", "one_vs_rest"} and kinds != {"svm"}:
        raise UnsupportedError(
            f"OneVsRestClassifier of {type(estimator.estimators_[0]).__name__} is not supported",
            "use LogisticRegression or LinearSVC in it",
        )
    multi_label = bool(estimator.multilabel_)
    return _Model(
        kind="svm" if kinds == {"svm"} else ("one_vs_rest" if len(models) > 1 else "logistic"),
        classes=list(range(len(models))) if multi_label else list(estimator.classes_),
        weights=np.concatenate([model.weights for model in models], axis=1),
        bias=np.concatenate([model.bias for model in models]),
        platt=np.zeros((0, 2)),
        multi_label=multi_label,
    )


def _naive_bayes(estimator: Any) -> _Model:
    """log p(label | text) is linear in the counts, up to a term that all labels share."""
    weights, bias = estimator.feature_log_prob_.T, estimator.class_log_prior_
    if len(estimator.classes_) == 2:
        weights, bias = weights[:, 1:] - weights[:, :1], bias[1:] - bias[:1]
    else:
        # The term that all labels share is large, and would cost digits.
        weights, bias = weights - weights.mean(axis=1, keepdims=True), bias - bias.mean()
    return _Model("logistic", list(estimator.classes_), weights, bias, np.zeros((0, 2)))


def _one_calibrated(estimator: Any) -> Any:
    if estimator.method != "sigmoid":
        _refuse(estimator, "method", estimator.method, "fit with method='sigmoid', or calibrate with winnow.calibrate")
    if len(estimator.calibrated_classifiers_) > 1:
        _refuse(
            estimator,
            "ensemble",
            estimator.ensemble,
            f"its probabilities are the mean of {len(estimator.calibrated_classifiers_)} classifiers; fit with ensemble=False",
        )
    calibrated = estimator.calibrated_classifiers_[0]
    if not hasattr(_unwrapped(calibrated.estimator), "decision_function"):
        raise UnsupportedError(
            "CalibratedClassifierCV of an estimator without decision_function is not supported: its sigmoids are of "
            "probabilities",
            "export the estimator by itself, and calibrate with winnow.calibrate",
        )
    return calibrated


def _calibrated(model: _Model, calibrators: List[Any]) -> _Model:
    if model.platt.size or model.multi_label:
        raise UnsupportedError("CalibratedClassifierCV of a calibrated or multi-label classifier is not supported", "")
    if len(calibrators) != len(model.bias):
        raise UnsupportedError(
            f"CalibratedClassifierCV has {len(calibrators)} sigmoids for {len(model.bias)} decision functions",
            "each class must occur in the training texts",
        )
    platt = np.array([[calibrator.a_, calibrator.b_] for calibrator in calibrators], dtype=np.float64)
    return _Model("svm", model.classes, model.weights, model.bias, platt)
