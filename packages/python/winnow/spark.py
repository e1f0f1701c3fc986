"""Classification of Spark DataFrames with mapInArrow. Needs the packages pyspark and pyarrow."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from winnow._classifier import Classifier, PathLike
from winnow._errors import InvalidArgumentError, InvalidDataError
from winnow._home import Home

COLUMNS = ("label", "score", "confidence", "abstained")

# The classifiers of this worker process, which Spark reuses for many tasks, each with what tells its bundle from one that takes
# its place.
_loaded: Dict[Tuple[str, int], Tuple[Tuple[int, ...], Classifier]] = {}
# The archive of each bundle that this driver has shipped.
_shipped: Dict[Tuple[str, str], str] = {}
# Where these archives lie until the process ends: executors that start later fetch them, too.
_homes: List[Home] = []


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
    """Returns the DataFrame with the columns label, score, confidence and abstained added, and for a multi-label model the
    column labels, an array of all decided labels; rows and other columns stay.

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
    if list(df.columns).count(text_column) > 1:
        raise InvalidArgumentError(
            f"the DataFrame has {list(df.columns).count(text_column)} columns '{text_column}'", "rename or drop the others first"
        )
    if missing not in ("error", "null"):
        raise InvalidArgumentError(f"missing: unknown value '{missing}'", "the values are: error, null")
    classifier = Classifier(bundle, threads=threads)
    classifier.classify("", mode=mode, threshold=threshold)  # refuses here what would fail on every executor
    added = [*COLUMNS, *(["labels"] if classifier.multi_label else []), *(["probabilities"] if probabilities else [])]
    there = {name.lower() for name in df.columns}  # Spark does not tell upper from lower case
    taken = [prefix + name for name in added if (prefix + name).lower() in there]
    if taken:
        raise InvalidArgumentError(
            f"the DataFrame has the column {', '.join(taken)} already", "choose a prefix: prefix='predicted_'"
        )
    shipped = _ship(df.sparkSession, bundle) if ship else None
    worker = _Worker(
        text_column, os.path.abspath(os.fspath(bundle)), shipped, mode, threshold, added, prefix, missing, threads
    )
    return df.mapInArrow(worker, _schema(df, added, prefix))


def _schema(df: Any, added: Sequence[str], prefix: str) -> Any:
    from pyspark.sql import types

    kinds = {
        "label": types.StringType(),
        "score": types.FloatType(),
        "confidence": types.FloatType(),
        "abstained": types.BooleanType(),
        "labels": types.ArrayType(types.StringType(), False),
        "probabilities": types.ArrayType(types.FloatType(), False),
    }
    fields = [types.StructField(prefix + name, kinds[name], True) for name in added]
    return types.StructType([*df.schema.fields, *fields])


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
        _homes.append(Home())
        archive = shutil.make_archive(os.path.join(_homes[-1].name, name), "zip", root)
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
        added: List[str],
        prefix: str,
        missing: str,
        threads: int,
    ) -> None:
        self._text_column = text_column
        self._bundle = bundle
        self._shipped = shipped
        self._mode = mode
        self._threshold = threshold
        self._added = added
        self._prefix = prefix
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
        manifest = os.path.join(path, "winnow.json")
        status = os.stat(manifest if os.path.exists(manifest) else path)
        bundle = (status.st_ino, status.st_size, status.st_mtime_ns)
        key = (path, self._threads)
        if key not in _loaded or _loaded[key][0] != bundle:
            _loaded[key] = (bundle, Classifier(path, threads=self._threads))
        return _loaded[key][1]

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
        columns = [self._column(found, name) for name in self._added]
        if absent is not None:
            columns = [pyarrow.compute.if_else(absent, pyarrow.scalar(None, column.type), column) for column in columns]
        names = [self._prefix + name for name in self._added]
        return pyarrow.RecordBatch.from_arrays([*batch.columns, *columns], [*batch.schema.names, *names])

    @staticmethod
    def _column(found: Any, name: str) -> Any:
        import pyarrow

        if name == "label":
            return pyarrow.array(found.label, pyarrow.string())
        if name == "labels":
            return pyarrow.array(found._columns()["labels"], pyarrow.list_(pyarrow.string()))
        if name == "probabilities":
            rows, width = found.probabilities.shape
            offsets = pyarrow.array(range(0, (rows + 1) * width, width), pyarrow.int32())
            return pyarrow.ListArray.from_arrays(offsets, pyarrow.array(found.probabilities.reshape(-1)))
        return pyarrow.array(getattr(found, name))
