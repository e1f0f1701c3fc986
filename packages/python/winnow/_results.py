"""Predictions and explanations, with pages of HTML for notebooks."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Union, overload

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from winnow._classifier import Classifier

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WordEffect:
    """The effect of one word, text[begin:end], on the log-odds of the explained label."""

    text: str
    begin: int
    end: int
    effect: float  # on the log-odds of the explained label; positive values speak for the label
    score_change: float  # probability of the label with the word, minus that without it


@dataclass(frozen=True)
class Explanation:
    """The effect of each word of a text on its prediction."""

    text: str
    label: str  # the explained label
    score: float  # probability of that label
    base: float  # log-odds of the label before any word is read
    exact: bool  # True for linear models, whose base and effects add up to log-odds (docs/training.md, Explanations)
    words: List[WordEffect]
    words_in_effect: int = 1  # more than one in long texts, in which neighbouring words share an effect
    unread_words: int = 0  # words beyond the maximum length

    @staticmethod
    def _of_json(document: Dict[str, Any], text: str) -> Explanation:
        return Explanation(
            text=text,
            label=document["label"],
            score=document["score"],
            base=document["base"],
            exact=document["method"] == "linear",
            words=[WordEffect(**word) for word in document["words"]],
            words_in_effect=document.get("words_in_effect", 1),
            unread_words=document.get("unread_words", 0),
        )

    def _repr_html_(self) -> str:
        return f"<div style='max-width:45em'>{self._heading()}{self._marked_text()}</div>"

    def _heading(self) -> str:
        return f"<div style='margin-bottom:.3em'>words for and against <b>{html.escape(self.label)}</b> ({self.score:.1%})</div>"

    def _marked_text(self) -> str:
        """The text, each word on a ground of orange (for the label) or blue (against it)."""
        most = max((abs(word.effect) for word in self.words), default=0.0) or 1.0
        parts, at = [], 0
        for word in self.words:
            parts.append(html.escape(self.text[at : word.begin]))
            colour = "230,97,1" if word.effect > 0 else "94,130,220"
            opacity = 0.6 * abs(word.effect) / most
            parts.append(
                f"<span title='{word.effect:+.2f}' style='background:rgba({colour},{opacity:.2f});border-radius:.2em'>"
                f"{html.escape(self.text[word.begin : word.end])}</span>"
            )
            at = word.end
        parts.append(html.escape(self.text[at:]))
        return f"<div style='line-height:1.7;white-space:pre-wrap'>{''.join(parts)}</div>"


@dataclass(frozen=True, repr=False)
class Prediction:
    """The prediction for one text."""

    label: str  # the decided label; the most probable one if a multi-label model decided none
    score: float  # probability of the positive label of two labels; otherwise of the decided label
    confidence: float  # probability of the decided label; if none was decided, 1 minus the highest probability
    scores: Dict[str, float]  # the probabilities of the labels, the most probable one first
    abstained: bool = False  # True if the prediction should be reviewed by a person
    threshold: Optional[float] = None  # the decision threshold that was applied
    out_of_scope: Optional[bool] = None  # None for a model without out-of-scope detection
    scope_score: Optional[float] = None
    labels: Optional[List[str]] = None  # all decided labels of a multi-label model
    nearest_label: Optional[str] = None  # the label that score and confidence of an out-of-scope text refer to
    text: Optional[str] = field(default=None, compare=False)
    _classifier: Optional[Classifier] = field(default=None, compare=False)

    def __repr__(self) -> str:
        notes = "".join(f", {name}=True" for name in ("abstained", "out_of_scope") if getattr(self, name))
        labels = "" if self.labels is None else f", labels={self.labels!r}"
        return f"Prediction(label={self.label!r}, score={self.score:.4f}, confidence={self.confidence:.4f}{labels}{notes})"

    def as_dict(self) -> Dict[str, Any]:
        """Returns the object that `winnow classify --json` prints."""
        document: Dict[str, Any] = {
            "label": self.label,
            "score": self.score,
            "confidence": self.confidence,
            "scores": [{"label": label, "score": score} for label, score in self.scores.items()],
            "decision": self.label if self.labels is None else self.labels,
            "abstained": self.abstained,
        }
        if self.out_of_scope and self.labels is not None:
            document["decision"] = self.label
        if self.threshold is not None:
            document["threshold"] = self.threshold
        if self.out_of_scope is not None:
            document["out_of_scope"] = self.out_of_scope
            document["scope_score"] = self.scope_score
        if self.out_of_scope:
            document["nearest_label"] = self.nearest_label
        return document

    def explain(self) -> Explanation:
        """Returns the effect of each word. For predictions of a single text."""
        if self._classifier is None or self.text is None:
            raise ValueError("this prediction has no text: call Classifier.explain(text)")
        return self._classifier.explain(self.text)

    def __reduce__(self) -> Any:
        # Without the classifier, which another process may not have.
        values = [getattr(self, name) for name in self.__dataclass_fields__ if name != "_classifier"]
        return (Prediction, tuple(values))

    def _repr_html_(self) -> str:
        bars = "".join(
            "<tr>"
            f"<td style='text-align:left'>{html.escape(label)}</td><td style='text-align:right'>{score:.1%}</td>"
            f"<td style='text-align:left;width:12em'><div style='background:#5e82dc;height:.8em;width:{score:.1%}'></div></td>"
            "</tr>"
            for label, score in list(self.scores.items())[:10]
        )
        more = f"<div>and {len(self.scores) - 10} more labels</div>" if len(self.scores) > 10 else ""
        note = " (abstained: to be reviewed)" if self.abstained else ""
        words = ""
        if self._classifier is not None and self.text:
            explanation = self.explain()
            words = explanation._heading() + explanation._marked_text()
        return f"<div style='max-width:45em'><b>{html.escape(self.label)}</b>{note}<table>{bars}</table>{more}{words}</div>"


class Predictions(Sequence[Prediction]):
    """The predictions for many texts, in their order: a sequence of Prediction, whose columns are NumPy arrays."""

    def __init__(
        self, names: List[str], arrays: Dict[str, Any], multi_label: bool, scope_label: str, top_k: int = 0
    ) -> None:
        self._names = names
        self._arrays = arrays
        self._multi_label = multi_label
        self._scope_label = scope_label
        self._top_k = top_k

    @property
    def probabilities(self) -> Floats:
        """The calibrated probabilities, [texts, labels]; labels are in the order of Classifier.labels."""
        result: Floats = self._arrays["probabilities"]
        return result

    @property
    def score(self) -> Floats:
        result: Floats = self._arrays["score"]
        return result

    @property
    def confidence(self) -> Floats:
        result: Floats = self._arrays["confidence"]
        return result

    @property
    def abstained(self) -> npt.NDArray[np.bool_]:
        result: npt.NDArray[np.bool_] = self._arrays["abstained"]
        return result

    @property
    def out_of_scope(self) -> npt.NDArray[np.bool_]:
        result: npt.NDArray[np.bool_] = self._arrays["out_of_scope"]
        return result

    @property
    def label(self) -> npt.NDArray[np.object_]:
        """The decided labels, as Prediction.label."""
        ids = np.where(self._arrays["label"] < 0, self._arrays["top"], self._arrays["label"])
        labels: npt.NDArray[np.object_] = np.array([*self._names, ""], dtype=object)[ids]
        if self._scope_label:
            labels[self.out_of_scope] = self._scope_label
        return labels

    def to_pandas(self) -> Any:
        """Returns a pandas DataFrame with the columns label, score, confidence and abstained."""
        import pandas

        return pandas.DataFrame(self._columns())

    def to_arrow(self) -> Any:
        """Returns a pyarrow Table with the columns label, score, confidence and abstained."""
        import pyarrow

        strings = {"label": pyarrow.string(), "labels": pyarrow.list_(pyarrow.string())}  # also where there is no text
        return pyarrow.table(
            {name: pyarrow.array(values, strings.get(name)) for name, values in self._columns().items()}
        )

    def _columns(self) -> Dict[str, Any]:
        columns: Dict[str, Any] = {
            "label": self.label,
            "score": self.score,
            "confidence": self.confidence,
            "abstained": self.abstained,
        }
        if self._multi_label:
            columns["labels"] = [self._decided(i) for i in range(len(self))]
        if self._scope_label:
            columns["out_of_scope"] = self.out_of_scope
        return columns

    def _decided(self, i: int) -> List[str]:
        return [self._names[k] for k in np.flatnonzero(self._arrays["decided"][i])]

    def _prediction(self, i: int, text: Optional[str] = None, classifier: Optional[Classifier] = None) -> Prediction:
        arrays = self._arrays
        row = arrays["probabilities"][i]
        order = np.argsort(-row, kind="stable")
        if self._top_k > 0:
            order = order[: self._top_k]
        label, top = int(arrays["label"][i]), int(arrays["top"][i])
        decided = label if label >= 0 else top
        name = self._names[decided] if decided >= 0 else ""
        outside = bool(arrays["out_of_scope"][i])
        threshold = float(arrays["threshold"][i])
        return Prediction(
            label=self._scope_label if outside else name,
            score=float(arrays["score"][i]),
            confidence=float(arrays["confidence"][i]),
            scores={self._names[k]: float(row[k]) for k in order},
            abstained=bool(arrays["abstained"][i]),
            threshold=None if math.isnan(threshold) else _shortest(arrays["threshold"][i]),
            out_of_scope=outside if self._scope_label else None,
            scope_score=float(arrays["scope_score"][i]) if self._scope_label else None,
            labels=self._decided(i) if self._multi_label else None,
            nearest_label=(self._names[label] if label >= 0 else None) if outside else None,
            text=text,
            _classifier=classifier,
        )

    def __len__(self) -> int:
        return len(self._arrays["score"])

    @overload
    def __getitem__(self, index: int) -> Prediction: ...

    @overload
    def __getitem__(self, index: slice) -> List[Prediction]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Prediction, List[Prediction]]:
        if isinstance(index, slice):
            return [self._prediction(i) for i in range(*index.indices(len(self)))]
        position = range(len(self))[index]  # raises IndexError, and counts from the end
        return self._prediction(position)

    def __iter__(self) -> Iterator[Prediction]:
        return (self._prediction(i) for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self)} predictions of the labels {', '.join(self._names[:5])}{', ...' if len(self._names) > 5 else ''}>"

    def _repr_html_(self) -> str:
        shown = 20
        rows = "".join(
            f"<tr><td>{i}</td><td style='text-align:left'>{html.escape(p.label)}</td><td>{p.score:.3f}</td>"
            f"<td>{p.confidence:.3f}</td></tr>"
            for i, p in enumerate(self[:shown])
        )
        more = f"<div>and {len(self) - shown} more texts</div>" if len(self) > shown else ""
        return f"<table><tr><th></th><th>label</th><th>score</th><th>confidence</th></tr>{rows}</table>{more}"


def _shortest(value: np.float32) -> float:
    """The shortest decimal number that is nearest to a float: 0.3, not 0.30000001192092896."""
    return float(str(value))
