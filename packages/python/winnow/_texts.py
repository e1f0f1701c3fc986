"""What users pass as texts, in a form that the native part reads without copying the texts."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Union

from winnow._errors import InvalidArgumentError, InvalidDataError

_ARROW = ("__arrow_c_stream__", "__arrow_c_array__")


def _is_pandas(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas"


def _of_pandas(series: Any) -> Any:
    """A Series whose texts lie in Arrow memory as Arrow; any other one as a list of its objects."""
    array = series.array
    if hasattr(array, "__arrow_array__") and getattr(series.dtype, "storage", "pyarrow") == "pyarrow":
        if type(array).__name__ in ("ArrowStringArray", "ArrowExtensionArray", "ArrowStringArrayNumpySemantics"):
            return array.__arrow_array__()
    return series.tolist()


def column(texts: Any) -> Any:
    """Returns texts as an object with the Arrow C data interface, or as a sequence."""
    if isinstance(texts, (list, tuple)):
        return texts
    if isinstance(texts, (bytes, bytearray, memoryview)):
        raise InvalidArgumentError("bytes are not a text", "decode them first: data.decode('utf-8')")
    if isinstance(texts, Mapping):
        raise InvalidArgumentError(
            "a mapping was given, but the bundle has no text template", "pass the texts alone"
        )
    if _is_pandas(texts):
        if hasattr(texts, "columns"):
            raise InvalidArgumentError(
                "a DataFrame was given, but the bundle has no text template", "pass the column of the texts: df['text']"
            )
        return _of_pandas(texts)
    if any(hasattr(texts, name) for name in _ARROW):
        return texts
    if hasattr(texts, "tolist"):  # NumPy
        return _of_numpy(texts)
    try:
        return list(texts)
    except TypeError:
        raise InvalidArgumentError(
            f"texts must be a str or a sequence of str, not {type(texts).__name__}",
            "pass a list, a NumPy array, a Series, or an Arrow or Polars column",
        ) from None


def _of_numpy(array: Any) -> List[Any]:
    if array.ndim != 1:
        raise InvalidArgumentError(
            f"an array of texts has one dimension, but this one has the shape {tuple(array.shape)}",
            "select one column: array[:, 0]",
        )
    items: List[Any] = array.tolist()
    return items


def without_surrogates(text: str) -> str:
    """A text as the native part reads it: lone surrogates, which UTF-8 does not have, are U+FFFD."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def columns(rows: Any, fields: List[str]) -> Optional[Dict[str, Any]]:
    """Returns the columns of rows for a text template (a DataFrame, an Arrow or Polars table, a dictionary of columns, a
    list of dictionaries), or None if `rows` are texts. Fields that the rows lack are left out: the template leaves them
    empty."""
    names = _names_of(rows)
    if names is not None:
        found = [field for field in fields if field in names]
        if not found:
            raise InvalidArgumentError(
                f"none of the columns {', '.join(map(str, names))} is in the text template",
                f"the template has the fields {', '.join(fields)}",
            )
        single = [field for field in found if _is_one_value(rows[field])]
        if single:
            raise InvalidArgumentError(
                f"the column '{single[0]}' is one value, not a column",
                "pass a dictionary whose values are all texts (one row) or all columns",
            )
        return {field: column(rows[field]) for field in found}
    if isinstance(rows, (list, tuple)) and rows and isinstance(rows[0], Mapping):
        for i, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise InvalidDataError(
                    f"row {i} is not a dictionary of fields but of type {type(row).__name__}",
                    "pass texts alone, or rows alone; rows are counted from 0",
                )
        return {field: [row.get(field) for row in rows] for field in fields}
    return None


def _names_of(rows: Any) -> Optional[List[str]]:
    if isinstance(rows, Mapping):
        return list(rows)
    names = getattr(rows, "column_names", None)  # pyarrow
    if names is None:
        names = getattr(rows, "columns", None)  # pandas, Polars
    return None if names is None else list(names)


def one_row(row: Mapping[str, Any], fields: List[str]) -> bool:
    """True if the values of a mapping, of those that a template reads, are texts or missing, not columns. Other fields of
    the row, such as an id, do not matter."""
    values = [row[field] for field in fields if field in row] or list(row.values())
    return all(_is_one_value(value) for value in values)


def _is_one_value(value: object) -> bool:
    """True for a text, and for what is neither a text nor a column: None, NaN, a number."""
    return isinstance(value, (str, bytes)) or not hasattr(type(value), "__iter__")


Text = Union[str, Mapping[str, Any]]
