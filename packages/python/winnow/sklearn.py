"""A scikit-learn classifier of texts that Winnow trains. Needs the package scikit-learn."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from winnow import _texts
from winnow._classifier import Classifier, PathLike
from winnow._commands import Callback, Warnings, train
from winnow._errors import InvalidArgumentError, InvalidDataError, UnsupportedError
from winnow._home import Home

# Held while a classifier writes its files; a lock of each instance could not be pickled.
_WRITING = threading.Lock()


class WinnowClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of texts: a linear model of TF-IDF features, or a fine-tuned transformer.

    X is a list, an array or a Series of texts; y holds labels of any kind. A fitted classifier contains its bundle, so
    that it can be pickled; `save` writes the bundle for the other parts of Winnow.

    Parameters
    ----------
    kind : "lr" (logistic regression), "svm" or "transformer".
    base_model : base model of a transformer: a name that `winnow pull` accepts, a directory, or "scratch".
    C, analyzer, ngrams, max_features, sublinear : of linear models, as `winnow train` has them; None: its default.
    epochs, learning_rate, batch_size, max_length : of transformers; None: the default of `winnow train`.
    class_weight : a dict of classes and their weights (a class that is not in it has weight 1), "balanced", "none", or None:
        the default of `winnow train`, equal weights for transformers; for linear models without C, a cross-validation chooses
        between equal and balanced weights.
    validation_size : share of the texts that are held out to choose the best epoch and to calibrate.
    threshold : decision threshold of the second of two classes; None: .5.
    options : further options of `winnow train` by name, such as {"fold_disguises": True}.
    random_state : seed; None: 42.
    n_jobs : number of threads; None or -1: all cores of the process.
    callback : receives the events of the training; see winnow.train.
    """

    def __init__(
        self,
        kind: str = "lr",
        *,
        base_model: str = "all-MiniLM-L6-v2",
        C: Optional[float] = None,
        analyzer: str = "word",
        ngrams: Optional[str] = None,
        max_features: int = 10000,
        sublinear: bool = False,
        epochs: Optional[int] = None,
        learning_rate: Optional[float] = None,
        batch_size: Optional[int] = None,
        max_length: Optional[int] = None,
        class_weight: Union[str, Mapping[Any, float], None] = None,
        validation_size: float = 0.1,
        threshold: Optional[float] = None,
        options: Optional[Mapping[str, Any]] = None,
        random_state: Any = None,
        n_jobs: Optional[int] = None,
        callback: Optional[Callback] = None,
    ) -> None:
        self.kind = kind
        self.base_model = base_model
        self.C = C
        self.analyzer = analyzer
        self.ngrams = ngrams
        self.max_features = max_features
        self.sublinear = sublinear
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_length = max_length
        self.class_weight = class_weight
        self.validation_size = validation_size
        self.threshold = threshold
        self.options = options
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.callback = callback

    def fit(self, X: Any, y: Any, **fit_params: Any) -> WinnowClassifier:
        """Trains on texts X with labels y. Weights of single texts (sample_weight) are not supported."""
        if fit_params.pop("sample_weight", None) is not None:
            raise UnsupportedError(
                "WinnowClassifier has no sample_weight: texts count equally", "use class_weight, or leave it out"
            )
        if fit_params:
            raise TypeError(f"fit has no parameter {', '.join(fit_params)}")
        texts = _texts_of(X)
        labels = np.asarray(y)
        check_consistent_length(texts, labels)
        if type_of_target(labels) in ("multilabel-indicator", "multiclass-multioutput"):
            raise UnsupportedError(
                "WinnowClassifier is single-label, but y has several labels per text",
                "train multi-label models with winnow.train, or use OneVsRestClassifier(WinnowClassifier())",
            )
        check_classification_targets(labels)
        classes, ids = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise InvalidDataError(
                f"y has one class, {classes[0]!r}, but a classifier needs two or more", "add texts of another class"
            )
        self._fit(texts, classes, ids)
        return self

    def _fit(self, texts: List[str], classes: npt.NDArray[Any], ids: npt.NDArray[Any]) -> None:
        names = _names_of(classes)
        home = Home()
        bundle = Path(home.name) / "model"
        data, label_file = Path(home.name) / "data.jsonl", Path(home.name) / "labels.json"
        with data.open("w", encoding="utf-8") as file:
            for text, label in zip(texts, ids):
                row = {"text": _texts.without_surrogates(text), "label": names[label]}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        label_file.write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        weights: Any = self.class_weight
        if isinstance(weights, Mapping):
            by_name = _weights_by_name(weights, classes, names)
            weights = Path(home.name) / "class_weights.json"
            weights.write_text(json.dumps(by_name, ensure_ascii=False), encoding="utf-8")
        warned = Warnings(ignored="there is no test part")  # scikit-learn has its own
        try:
            self.training_info_ = train(
                data, bundle, callback=self.callback or warned, **{**self._plan(names, label_file, weights), **(self.options or {})}
            )
        finally:
            warned.issue(stacklevel=4)
        data.unlink()
        self.classes_ = classes
        self._home = home
        self._model = Classifier(bundle, threads=self._threads())

    def _plan(self, names: List[str], label_file: Path, class_weights: Any) -> Dict[str, Any]:
        linear = self.kind != "transformer"
        plan: Dict[str, Any] = {
            "kind": self.kind,
            "format": "jsonl",
            "text_field": "text",
            "label_field": "label",
            "labels": label_file,
            "problem_type": "single",
            "positive_label": names[1] if len(names) == 2 else None,
            "test_size": 0,
            "validation_size": self.validation_size,
            "class_weights": class_weights,
            "seed": None if self.random_state is None else int(check_random_state(self.random_state).randint(2**31 - 1)),
            "threads": self._threads(),
            "keep_data": False,
            "name": "model",
        }
        if linear:
            plan.update(C=self.C, analyzer=self.analyzer, ngrams=self.ngrams, max_features=self.max_features)
            plan.update(sublinear=self.sublinear or None)
        else:
            plan.update(base_model=self.base_model, epochs=self.epochs, lr=self.learning_rate)
            plan.update(batch_size=self.batch_size, max_length=self.max_length)
        return plan

    def _threads(self) -> int:
        return 0 if self.n_jobs is None or self.n_jobs < 0 else self.n_jobs

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Returns the class of each text."""
        check_is_fitted(self, "classes_")
        core = self._classifier().classify(_texts_of(X), threshold=self.threshold)
        predicted: npt.NDArray[Any] = self.classes_[core._arrays["label"]]
        return predicted

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        """Returns the calibrated probabilities [texts, classes]; columns are in the order of classes_."""
        check_is_fitted(self, "classes_")
        return self._classifier().predict_proba(_texts_of(X))

    def predict_log_proba(self, X: Any) -> npt.NDArray[np.float32]:
        logarithms: npt.NDArray[np.float32] = np.log(self.predict_proba(X))
        return logarithms

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Returns the log-odds of the second of two classes, or the logarithm of each probability."""
        probabilities = self.predict_proba(X).astype(np.float64).clip(1e-12, 1)
        if len(self.classes_) == 2:
            odds: npt.NDArray[np.float64] = np.log(probabilities[:, 1]) - np.log(probabilities[:, 0])
            return odds
        logarithms: npt.NDArray[np.float64] = np.log(probabilities)
        return logarithms

    def explain(self, text: str) -> Any:
        """Returns the effect of each word of a text; see Classifier.explain."""
        check_is_fitted(self, "classes_")
        return self._classifier().explain(text)

    def save(self, directory: PathLike) -> Classifier:
        """Writes the bundle into a new directory, for `winnow serve` and others, and returns its classifier."""
        check_is_fitted(self, "classes_")
        shutil.copytree(self._classifier().path, os.fspath(directory))
        return Classifier(directory)

    def _classifier(self) -> Classifier:
        """The loaded bundle; after unpickling, its files are written first."""
        with _WRITING:
            if self._model is None:
                self._home = Home()
                bundle = Path(self._home.name) / "model"
                for name, contents in self._files.items():
                    file = bundle / name
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(contents)
                self._model = Classifier(bundle, threads=self._threads())
                self._files = {}
            return self._model

    def __getstate__(self) -> Dict[str, Any]:
        state = dict(super().__getstate__())
        if "_model" in state:
            state["_files"] = self._bundle_files()
            state["_model"] = state["_home"] = None
        return state

    def _bundle_files(self) -> Dict[str, bytes]:
        if self._model is None:
            return dict(self._files)
        root = Path(self._model.path)
        return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}

    def _more_tags(self) -> Dict[str, Any]:
        return {"X_types": ["string"], "requires_y": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags


def _texts_of(X: Any) -> List[str]:
    """The texts of a column, all of them str."""
    if isinstance(X, str):
        raise InvalidArgumentError("X is one text, but a sequence of texts was expected", "pass [text]")
    column = _texts.column(X)
    items = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
    for row, item in enumerate(items):
        if not isinstance(item, str):
            raise InvalidDataError(
                f"row {row} has no text: it is {item!r}", "drop such rows or fill them first; rows are counted from 0"
            )
    return items


def _weights_by_name(weights: Mapping[Any, float], classes: npt.NDArray[Any], names: List[str]) -> Dict[str, float]:
    """The weights by the names of the labels in the bundle."""
    name_of = dict(zip(classes.tolist(), names))
    unknown = [key for key in weights if key not in name_of]
    if unknown:
        raise InvalidArgumentError(f"class_weight has classes that y does not have: {unknown}", f"the classes are {list(name_of)}")
    return {name_of[key]: float(weight) for key, weight in weights.items()}


def _names_of(classes: npt.NDArray[Any]) -> List[str]:
    """Names of the labels in the bundle: the classes as text, or numbers where these are no names of their own."""
    names = [str(value) for value in classes.tolist()]
    usable = len(set(names)) == len(names) and all(name == name.strip() and name.isprintable() and name for name in names)
    return names if usable else [f"class {i}" for i in range(len(names))]
