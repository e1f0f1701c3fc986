"""Winnow: trains, calibrates, quantizes and runs small text classifiers.

    import winnow

    spam = winnow.Classifier("spam")
    spam.classify("You won a prize").label
    spam.predict_proba(df["text"])  # float32 [texts, labels]
"""

from winnow import _core
from winnow._classifier import Classifier
from winnow._commands import calibrate, evaluate, quantize, train
from winnow._errors import (
    CancelledError,
    ExistsError,
    InternalError,
    InvalidArgumentError,
    InvalidDataError,
    InvalidModelError,
    IoError,
    NetworkError,
    NotFoundError,
    UnsupportedError,
    WinnowError,
)
from winnow._from_sklearn import from_sklearn
from winnow._hub import push_to_hub, to_hf
from winnow._results import Explanation, Prediction, Predictions, WordEffect

__version__: str = _core.version

__all__ = [
    "CancelledError",
    "Classifier",
    "ExistsError",
    "Explanation",
    "InternalError",
    "InvalidArgumentError",
    "InvalidDataError",
    "InvalidModelError",
    "IoError",
    "NetworkError",
    "NotFoundError",
    "Prediction",
    "Predictions",
    "UnsupportedError",
    "WinnowError",
    "WordEffect",
    "calibrate",
    "evaluate",
    "from_sklearn",
    "push_to_hub",
    "quantize",
    "to_hf",
    "train",
]
