"""Canonical JSON and content hashes: the only JSON writer and the only hash of the project.

Two values that mean the same have the same digest: key order does not matter and 25 equals 25.0.
"""

import math
from collections.abc import Callable
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gristmill.errors import UsageError

__all__ = [
    "canonical",
    "decode",
    "decoder",
    "digest",
    "encode",
    "fingerprint",
    "fingerprint_file",
    "indented",
    "plain",
]

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_sorted = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder()


def encode(value: Any) -> bytes:
    """Return `value` as compact UTF-8 JSON, keys in the order given."""
    return _encoder.encode(value)


def indented(value: Any) -> bytes:
    """Return `value` as a file of JSON for people too: UTF-8, one item a line, keys in the order given."""
    return msgspec.json.format(encode(value), indent=1) + b"\n"


def decode(data: bytes | str) -> Any:
    """Return the plain value that `data` encodes.

    Raises:
        msgspec.DecodeError: when `data` is not JSON.
    """
    return _decoder.decode(data)


def plain(value: Any) -> Any:
    """Return a copy of `value` as JSON gives it back, tuples and structs turned into lists and dicts.

    Raises:
        UsageError: when JSON cannot say it.
    """
    try:
        data = encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"Expected plain JSON data, got what cannot be written: {error}.") from None
    if b"null" in data:  # which NaN and the infinities are written as, too
        canonical(value)
    return decode(data)


def decoder(kind: type[T]) -> Callable[[bytes | str], T]:
    """Return a function from JSON to `kind`, which raises `msgspec.DecodeError` on anything else."""
    return msgspec.json.Decoder(kind).decode


def fingerprint(data: bytes) -> str:
    """Return 32 hexadecimal digits (128 bits of BLAKE2b) of raw bytes, as they lie in a file."""
    return blake2b(data, digest_size=16).hexdigest()


def fingerprint_file(path: Path) -> str:
    """Return the fingerprint of a whole file, read piece by piece."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()


def canonical(value: Any) -> bytes:
    """Return the one JSON text shared by all values equal to `value`.

    Raises:
        UsageError: when `value` holds NaN or an infinity, or anything else that JSON cannot say.
    """
    try:
        return _sorted.encode(value if _is_plain(value) else _integral(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"Expected plain JSON data, got what cannot be written: {error}.") from None


def digest(value: Any) -> str:
    """Return 32 hexadecimal digits (128 bits of BLAKE2b) of the canonical JSON of `value`."""
    return blake2b(canonical(value), digest_size=16).hexdigest()


def _is_plain(value: Any) -> bool:
    """Return whether `value` can be written as it is; most can, and to look is cheaper than to rebuild."""
    todo = [value]
    for one in todo:  # which grows meanwhile
        kind = type(one)
        if kind is str:
            continue
        if kind is dict:
            todo += one.values()
        elif kind is list or kind is tuple:
            todo += one
        elif kind is float:
            if one.is_integer() or not math.isfinite(one):
                return False
        elif not (kind is int or one is None or kind is bool):
            return False
    return True


def _integral(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is dict:
        return {key: _integral(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return [_integral(item) for item in value]
    if kind is float:
        if not math.isfinite(value):
            raise UsageError(f"Expected a finite number, got {value}; JSON has no NaN or infinity.")
        return int(value) if value.is_integer() else value
    if isinstance(value, msgspec.Struct):
        return _integral(msgspec.to_builtins(value))
    raise UsageError(
        f"Expected plain JSON data, got {kind.__name__}; use dict, list, str, int, float, bool or None."
    )
