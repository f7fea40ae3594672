r"""The bytes of a file: arrays in the safetensors format, the rest as JSON in its header.

The header's metadata hold one string, "skfourier": a digest, SHA-256 of the JSON and of the name,
dtype, shape and bytes of each array, a space, and the JSON. Reading takes time and memory in
proportion to the size of the file, whatever it holds. Equal models are equal files.
"""

import hashlib
import json
import math

import numpy as np

from skfourier._files import complete_file, existing_file

#: Of the layout described here. A file of a later one is refused.
FORMAT = 1

# Of the header, in bytes: the names of some 50,000 arrays.
_LONGEST_HEADER = 2**23
_KINDS = "biuf"


def write_file(path, content, arrays):
    """Write JSON and arrays; the file appears when it is complete.

    Parameters
    ----------
    path : str or Path
    content : dict
        For JSON, without NaN and infinity.
    arrays : dict of str to ndarray
        Of booleans, integers or floats.

    Raises
    ------
    ValueError
        If there is too much of it for one header.
    OSError
        If the file cannot be written; an older one stays as it was.
    """
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import save_file  # noqa: PLC0415 (skfourier's import stays light)

    text = json.dumps(content, allow_nan=False)
    arrays = {name: _plain_bytes(array) for name, array in arrays.items()}
    if len(text) + 200 * len(arrays) + sum(map(len, arrays)) > _LONGEST_HEADER // 2:
        raise ValueError(
            f"The model has too many parts for one file: {len(arrays):,} arrays and {len(text):,} "
            f"characters of parameters. Save its parts in files of their own."
        )
    with complete_file(path) as complete:
        try:
            save_file(arrays, complete, {"skfourier": f"{_digest(text, arrays)} {text}"})
        except SafetensorError as error:  # of its own where the disk is full
            raise OSError(f"{path} could not be written: {error}") from error


def read_file(path):
    """Read JSON and arrays.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    content : dict
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        If it is not such a file, it is damaged, or of a later format.
    OSError
        If it cannot be read.
    """
    path = existing_file(path, "a model's")
    _check_header(path)
    digest, text, arrays = _read(path)
    content = _parsed(path, text)
    _check_format(path, content)
    if digest != _digest(text, arrays):
        raise ValueError(
            f"{path} is damaged: its content does not have the digest that was written with it. "
            f"Fetch or save it again."
        )
    return content, arrays


def _read(path):
    """Return the digest, the JSON and the arrays of a safetensors file."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError) as error:  # the latter for dtypes of no array
        raise ValueError(
            f"{path} is damaged, or not a skfourier file: as safetensors it cannot be read "
            f"({error})."
        ) from error
    if "skfourier" not in metadata:
        raise ValueError(
            f"{path} is a safetensors file, but not a skfourier file: its metadata hold "
            f"{sorted(metadata)[:5]} and no model."
        )
    digest, _, text = metadata["skfourier"].partition(" ")
    return digest, text, arrays


def _check_header(path):
    """Refuse what begins like no safetensors file, before any of it is read."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(9)
    length = int.from_bytes(start[:8], "little")
    if len(start) < 9 or start[8:] != b"{" or not length <= min(size - 8, _LONGEST_HEADER):
        raise ValueError(
            f"{path}, of {size:,} bytes, is not a skfourier file, or is cut short: it does not "
            f"begin with a header. Files of skfourier.save are read; pickles are joblib.load's."
        )


def _parsed(path, text):
    """Parse JSON as it was written: no name twice, no NaN."""
    try:
        content = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_number, parse_float=_finite
        )
        if not isinstance(content, dict):
            raise ValueError("it is no object")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: its JSON cannot be read ({error}).") from error
    return content


def _check_format(path, content):
    number, version = content.get("format"), content.get("version")
    if type(number) is not int or number < 1 or not isinstance(version, str):
        raise ValueError(f"{path} is damaged: it does not say of which format it is.")
    if number > FORMAT:
        raise ValueError(
            f"{path} is of format {number}, written by skfourier {version[:40]}; this skfourier "
            f"reads formats up to {FORMAT}. Install that version or a later one."
        )


def _unique(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name occurs twice in one object")
    return dict(pairs)


def _no_number(name):
    raise ValueError(f"{name} is no number in JSON")


def _finite(digits):
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is no finite number")
    return number


def _plain_bytes(array):
    """Return an array as files hold it: C order, little-endian.

    Raises
    ------
    ValueError
        If it holds anything but booleans, integers and floats.
    """
    if array.dtype.kind not in _KINDS or array.dtype.itemsize > 8:
        raise ValueError(f"An array of dtype {array.dtype} cannot be saved.")
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def _digest(text, arrays):
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()
