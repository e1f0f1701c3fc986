"""Classification of Spark DataFrames with mapInArrow. Needs the packages pyspark and pyarrow."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from winnow._classifier import Classifier, PathLike
from winnow._errors import InvalidArgumentError, InvalidDataError

COLUMNS = ("label", "score", "confidence", "abstained")

# The classifiers of this worker process, which Spark reuses for many tasks.
_loaded: Dict[Tuple[str, int], Classifier] = {}
# The archive of each bundle that this driver has shipped.
_shipped: Dict[Tuple[str, str], str] = {}


def classify(
    df: Any,
    text_column: str,
    bundle: PathLike,
    *,
    mode: str = "moderate",
    threshold: Optional[float] = None,
    probabilities: bool = False,
    prefix: str = "",
    missing: str = "error",
    threads: int = 1,
    ship: bool = True,
) -> Any:
    """Returns the DataFrame with the columns label, score, confidence and abstained added; rows and other columns stay.

    bundle: a directory on the driver, which is shipped to each executor once; with ship=False, a directory that every
        node sees.
    mode, threshold: decision thresholds, as Classifier.classify has them.
    probabilities: also add the column probabilities, an array in the order of Classifier.labels.
    prefix: put before the names of the added columns.
    missing: what happens with texts that are null: "error", or "null", which leaves their predictions null.
    threads: number of threads of each task; Spark runs one task per core, so 1 unless spark.task.cpus says otherwise.
    """
    if text_column not in df.columns:
        raise InvalidArgumentError(f"there is no column '{text_column}'", f"the columns are {', '.join(df.columns)}")
    if missing not in ("error", "null"):
        raise InvalidArgumentError(f"missing: unknown value '{missing}'", "the values are: error, null")
    names = [prefix + name for name in (*COLUMNS, *(["probabilities"] if probabilities else []))]
    taken = [name for name in names if name in df.columns]
    if taken:
        raise InvalidArgumentError(
            f"the DataFrame has the column {', '.join(taken)} already", "choose a prefix: prefix='predicted_'"
        )
    Classifier(bundle).classify("", mode=mode, threshold=threshold)  # refuses here what would fail on every executor
    shipped = _ship(df.sparkSession, bundle) if ship else None
    worker = _Worker(text_column, os.path.abspath(os.fspath(bundle)), shipped, mode, threshold, names, missing, threads)
    return df.mapInArrow(worker, _schema(df, names))


def _schema(df: Any, names: Sequence[str]) -> Any:
    from pyspark.sql import types

    kinds = (types.StringType(), types.FloatType(), types.FloatType(), types.BooleanType())
    added = [types.StructField(name, kind, True) for name, kind in zip(names, kinds)]
    added += [types.StructField(name, types.ArrayType(types.FloatType(), False), True) for name in names[len(kinds) :]]
    return types.StructType([*df.schema.fields, *added])


def _ship(session: Any, bundle: PathLike) -> str:
    """Has each executor fetch and unpack the bundle once; returns the name of its directory there."""
    context = session.sparkContext
    root = Path(bundle)
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*")):
        if file.is_file():
            status = file.stat()
            digest.update(f"{file.relative_to(root)}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    key = (context.applicationId, f"{root.resolve()} {digest.hexdigest()}")
    if key not in _shipped:
        name = f"winnow-{digest.hexdigest()[:16]}"
        # Kept until the process ends: executors that start later fetch it, too.
        home = tempfile.mkdtemp(prefix="winnow-spark-")
        archive = shutil.make_archive(os.path.join(home, name), "zip", root)
        context.addArchive(f"{archive}#{name}")
        _shipped[key] = name
    return _shipped[key]


class _Worker:
    """The function of mapInArrow: a bundle, loaded once per process, for many batches."""

    def __init__(
        self,
        text_column: str,
        bundle: str,
        shipped: Optional[str],
        mode: str,
        threshold: Optional[float],
        names: List[str],
        missing: str,
        threads: int,
    ) -> None:
        self._text_column = text_column
        self._bundle = bundle
        self._shipped = shipped
        self._mode = mode
        self._threshold = threshold
        self._names = names
        self._missing = missing
        self._threads = threads

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        classifier = self._classifier()
        for batch in batches:
            yield self._classified(classifier, batch)

    def _classifier(self) -> Classifier:
        path = self._bundle
        if self._shipped is not None:
            from pyspark import SparkFiles

            path = SparkFiles.get(self._shipped)
        key = (path, self._threads)
        if key not in _loaded:
            _loaded[key] = Classifier(path, threads=self._threads)
        return _loaded[key]

    def _classified(self, classifier: Classifier, batch: Any) -> Any:
        import pyarrow
        import pyarrow.compute

        texts = batch.column(batch.schema.get_field_index(self._text_column))
        absent = texts.is_null() if texts.null_count else None
        if absent is not None and self._missing == "error":
            raise InvalidDataError(
                f"{texts.null_count} texts of column '{self._text_column}' are null",
                "filter such rows, or pass missing='null'",
            )
        given = texts if absent is None else pyarrow.compute.fill_null(texts, "")
        found = classifier.classify(given, mode=self._mode, threshold=self._threshold)
        columns = [
            pyarrow.array(found.label, pyarrow.string()),
            pyarrow.array(found.score),
            pyarrow.array(found.confidence),
            pyarrow.array(found.abstained),
        ]
        if len(self._names) > len(columns):
            width = len(classifier.labels)
            offsets = pyarrow.array(range(0, (len(texts) + 1) * width, width), pyarrow.int32())
            columns.append(pyarrow.ListArray.from_arrays(offsets, pyarrow.array(found.probabilities.reshape(-1))))
        if absent is not None:
            columns = [pyarrow.compute.if_else(absent, pyarrow.scalar(None, column.type), column) for column in columns]
        return pyarrow.RecordBatch.from_arrays([*batch.columns, *columns], [*batch.schema.names, *self._names])
