"""Winnow's errors as exceptions: each has a code, a message and a hint."""

from __future__ import annotations

import errno
from typing import Optional


class WinnowError(Exception):
    """An error of Winnow. `hint` is advice on how to correct it, or empty."""

    code = "internal"
    _number: Optional[int] = None  # errno of an OSError

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint
        if isinstance(self, OSError):  # which takes two arguments for errno and strerror
            for name, value in (("errno", self._number), ("strerror", message)):
                setattr(self, name, value)

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class InvalidArgumentError(WinnowError, ValueError):
    """An option or argument is not valid."""

    code = "invalid_argument"


class InvalidDataError(WinnowError, ValueError):
    """The texts or the contents of a data file are not valid."""

    code = "invalid_data"


class InvalidModelError(WinnowError, ValueError):
    """The contents of a bundle are not valid."""

    code = "invalid_model"


class NotFoundError(WinnowError, FileNotFoundError):
    """A file, model or name does not exist."""

    code = "not_found"
    _number = errno.ENOENT


class ExistsError(WinnowError, FileExistsError):
    """A file or name exists already and is not replaced."""

    code = "exists"
    _number = errno.EEXIST


class IoError(WinnowError, OSError):
    """The operating system reported an error, for instance missing permission or a full disk."""

    code = "io"
    _number = errno.EIO


class NetworkError(WinnowError, ConnectionError):
    """A remote host could not be reached or sent a response that is not valid."""

    code = "network"


class CancelledError(WinnowError):
    """The callback cancelled the operation."""

    code = "cancelled"


class UnsupportedError(WinnowError, NotImplementedError):
    """The request is valid, but is not supported."""

    code = "unsupported"


class InternalError(WinnowError, RuntimeError):
    """A fault of Winnow itself."""

    code = "internal"


_BY_CODE = {
    error.code: error
    for error in (
        InvalidArgumentError,
        InvalidDataError,
        InvalidModelError,
        NotFoundError,
        ExistsError,
        IoError,
        NetworkError,
        CancelledError,
        UnsupportedError,
        InternalError,
    )
}


def error_of(code: str, message: str, hint: str) -> WinnowError:
    """Returns the exception for an error of the native part."""
    return _BY_CODE[code](message, hint)
