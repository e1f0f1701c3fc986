"""Classification of texts with a bundle."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Mapping, Optional, Union, overload

import numpy as np
import numpy.typing as npt

from winnow import _core, _texts
from winnow._errors import InvalidArgumentError
from winnow._results import Explanation, Floats, Prediction, Predictions

PathLike = Union[str, "os.PathLike[str]"]


class Classifier:
    """A loaded classifier: a bundle that `winnow train` made, or a plain Hugging Face classifier directory.

    Immutable and thread-safe: classification releases the interpreter lock. A classifier can be pickled, as the path of
    its bundle, and used after a fork, where it loads its bundle again.
    """

    def __init__(
        self,
        bundle: PathLike,
        *,
        threads: int = 0,
        weights: str = "auto",
        long_text: Optional[str] = None,
        fold_disguises: Optional[bool] = None,
        verify: bool = True,
    ) -> None:
        """Loads a bundle.

        threads: number of threads that a call may use, the caller's thread included; 0: all cores of the process.
        weights: "auto" (INT8 if the bundle has them), "float" or "int8".
        long_text: "head", "head+tail" or "windows"; None: the mode in the bundle.
        fold_disguises: whether obfuscated texts are folded before they are read; None: the setting of the bundle.
        verify: whether the files that are read must have the digests in winnow.json.
        """
        if threads < 0:
            raise InvalidArgumentError(f"threads: {threads} is less than 0", "0 uses all cores of the process")
        self._options: Dict[str, Any] = {
            "threads": threads,
            "weights": weights,
            "long_text": long_text,
            "fold_disguises": fold_disguises,
            "verify": verify,
        }
        self._path = os.path.abspath(os.fspath(bundle))
        self._core = _core.Classifier(self._path, **self._options)
        self._about: Dict[str, Any] = json.loads(self._core.description())

    def __reduce__(self) -> Any:
        return (_load, (self._path, self._options))

    def __repr__(self) -> str:
        return f"<winnow.Classifier {self.name} {self.version}: {self.kind}, {len(self.labels)} labels, weights {self.weights}>"

    @property
    def path(self) -> str:
        """The directory of the bundle."""
        return self._path

    @property
    def name(self) -> str:
        return str(self._about["name"])

    @property
    def version(self) -> str:
        """The semantic version of the model."""
        return str(self._about["version"])

    @property
    def kind(self) -> str:
        """The kind of the model: "transformer", "lr" or "svm"."""
        return str(self._about["kind"])

    @property
    def labels(self) -> List[str]:
        """The names of the labels, in the order of the columns of predict_proba."""
        return list(self._about["labels"])

    @property
    def multi_label(self) -> bool:
        """True if each label is decided separately."""
        return bool(self._about["multi_label"])

    @property
    def positive_label(self) -> Optional[str]:
        """The label that score and thresholds refer to, such as spam."""
        return self._about["positive_label"] or None

    @property
    def temperature(self) -> float:
        return float(self._about["temperature"])

    @property
    def thresholds(self) -> Dict[str, float]:
        """The decision threshold of each mode."""
        return dict(self._about["thresholds"])

    @property
    def max_length(self) -> int:
        """The maximum length of texts in tokens."""
        return int(self._about["max_length"])

    @property
    def long_text(self) -> str:
        """The long-text mode in effect."""
        return str(self._about["long_text"])

    @property
    def fold_disguises(self) -> bool:
        """True if obfuscated texts are folded."""
        return bool(self._about["fold_disguises"])

    @property
    def weights(self) -> str:
        """The weights in use: "f32", "int8", "linear"."""
        return str(self._about["weights"])

    @property
    def text_template(self) -> Optional[str]:
        """The template that makes texts of the fields of a row; None if there is none."""
        return self._about["text_template"] or None

    @overload
    def classify(
        self,
        texts: Union[str, Mapping[str, Optional[str]]],
        *,
        mode: str = ...,
        threshold: Optional[float] = ...,
        abstain_below: Optional[float] = ...,
        top_k: int = ...,
    ) -> Prediction: ...

    @overload
    def classify(
        self,
        texts: Any,
        *,
        mode: str = ...,
        threshold: Optional[float] = ...,
        abstain_below: Optional[float] = ...,
        top_k: int = ...,
    ) -> Predictions: ...

    def classify(
        self,
        texts: Any,
        *,
        mode: str = "moderate",
        threshold: Optional[float] = None,
        abstain_below: Optional[float] = None,
        top_k: int = 0,
    ) -> Union[Prediction, Predictions]:
        """Classifies one text (a str), which gives a Prediction, or many, which give Predictions in their order.

        texts: a str; or a list, a NumPy array, a pandas Series, or a column with the Arrow C data interface (pyarrow,
        Polars, DuckDB, ...), whose texts are read where they lie. With a bundle that has a text template also rows: a
        dictionary of fields, a list of such, a DataFrame or a table.
        mode: "strict", "moderate" or "lenient": the set of decision thresholds.
        threshold: a decision threshold between 0 and 1 in place of that of the mode.
        abstain_below: confidence below which a prediction is marked as abstained; None: the value in the bundle.
        top_k: number of scores per prediction, the most probable labels; 0: all.
        """
        if top_k < 0:
            raise InvalidArgumentError(f"top_k: {top_k} is less than 0", "0 gives the scores of all labels")
        options = {"mode": mode, "threshold": threshold, "abstain_below": abstain_below}
        if isinstance(texts, str):
            return self._predictions([texts], options, top_k)._prediction(0, texts, self)
        if isinstance(texts, Mapping) and _texts.one_row(texts, self._about["fields"]):
            return self._predictions([texts], options, top_k)[0]
        return self._predictions(texts, options, top_k)

    def predict_proba(self, texts: Any) -> Floats:
        """Returns the calibrated probabilities, float32 [texts, labels]; labels are in the order of `labels`."""
        return self._predictions(self._many(texts), {"mode": "moderate"}, 0).probabilities

    def predict(self, texts: Any, *, mode: str = "moderate", threshold: Optional[float] = None) -> npt.NDArray[np.object_]:
        """Returns the decided label of each text; of a multi-label model, see Prediction.labels."""
        return self._predictions(self._many(texts), {"mode": mode, "threshold": threshold}, 0).label

    def explain(self, text: str, *, mode: str = "moderate", threshold: Optional[float] = None) -> Explanation:
        """Returns the effect of each word on the log-odds of a label: the positive one of a single-label model with two
        labels, else the decided one. Takes as long as classifying the text once per word, at most about 200 times; for
        linear models, effects are computed at once and add up."""
        if not isinstance(text, str):
            raise InvalidArgumentError(f"explain takes one text, not {type(text).__name__}", "pass a str")
        text = _texts.without_surrogates(text)
        return Explanation._of_json(json.loads(self._core.explain(text, mode, threshold)), text)

    def _many(self, texts: Any) -> Any:
        """One text or one row as a list of it, and anything else as it is."""
        one = isinstance(texts, str) or isinstance(texts, Mapping) and _texts.one_row(texts, self._about["fields"])
        return [texts] if one else texts

    def _predictions(self, texts: Any, options: Dict[str, Any], top_k: int) -> Predictions:
        mode, threshold = options["mode"], options.get("threshold")
        abstain_below = options.get("abstain_below")
        fields: List[str] = self._about["fields"]
        columns = _texts.columns(texts, fields) if fields else None
        if columns is None:
            arrays = self._core.classify(_texts.column(texts), mode, threshold, abstain_below)
        else:
            arrays = self._core.classify_columns(columns, mode, threshold, abstain_below)
        return Predictions(
            self._about["labels"], arrays, self.multi_label, str(self._about["out_of_scope_label"]), top_k
        )


def _load(path: str, options: Dict[str, Any]) -> Classifier:
    return Classifier(path, **options)
