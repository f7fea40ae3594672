"""Objects as JSON and arrays, and back.

None, booleans, finite numbers, strings and lists are what they are in JSON. All else is an object
of one of these forms, where "name" is that of an array:

=================================  =======================================================
{"array": name}                    an array; "transposed" is one in Fortran's order, "complex"
                                   one whose last axis has real and imaginary parts
{"scalar": "float32", "value": 1}  a NumPy scalar
{"float": "nan"}                   "inf" and "-inf" likewise
{"tuple": [...]}, {"dict": {...}}
{"random_state": {...}}            a RandomState, in mid-sequence
{"device": "cuda:0"}               a device of torch's
{"class": "optim.SGD"}             an optimizer; {"partial": ..., "keywords": {...}} a partial one
{"object": "FourierFeatures",      an object: parameters of its class, and what it has learned
 "params": {...}, "fitted": {...}}
=================================  =======================================================
"""

import functools
import math
import numbers

import numpy as np
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skfourier._saving._known import (
    ESTIMATORS,
    OPTIMIZERS,
    SCALERS,
    class_of,
    name_of,
    parameters_of,
)
from skfourier._saving._scalers import restore_scaler, scaler_state
from skfourier._saving._state import State
from skfourier._sklearn import output_container

# Objects within objects: sums of some ninety kernels.
_DEEPEST = 100
_LONGEST_REPR = 100
_SCALARS = (
    *("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
)


class Encoder:
    """Turns objects into JSON, and gathers their arrays.

    Parameters
    ----------
    final : bool
        Whether what only further `partial_fit` need is left out.

    Attributes
    ----------
    arrays : dict of str to ndarray
    """

    def __init__(self, *, final):
        self.final, self.arrays = final, {}

    def encode(self, value, where, depth=0):  # noqa: PLR0911 (one for each kind)
        """Return the JSON of a value.

        Parameters
        ----------
        value : object
        where : str
            Its place in the model, for messages and as the name of an array.
        depth : int, default=0

        Raises
        ------
        ValueError
            If files cannot hold it.
        """
        if depth > _DEEPEST:
            raise ValueError(
                f"{where} is nested too deeply to be saved: {_DEEPEST} levels at most."
            )
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str(value)
        if isinstance(value, np.generic):
            return self._scalar(value, where, depth)
        if isinstance(value, numbers.Integral):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"float": repr(float(value))}
        if type(value) in (list, tuple):
            parts = self._parts(value, where, depth)
            return parts if type(value) is list else {"tuple": parts}
        if type(value) is dict:
            return {"dict": self._entries(value, where, depth)}
        if isinstance(value, np.ndarray):
            return self._array(value, where)
        return self._object(value, where, depth)

    def _parts(self, values, where, depth):
        """Encode the parts of a list; those of a pair (name, object) go by the name."""
        if len(values) == 2 and isinstance(values[0], str):
            stem = where.rpartition(".")[0] if where.rpartition(".")[2].isdigit() else where
            return [values[0], self.encode(values[1], f"{stem}.{values[0]}", depth + 1)]
        return [self.encode(part, f"{where}.{i}", depth + 1) for i, part in enumerate(values)]

    def _entries(self, entries, where, depth):
        if not all(isinstance(name, str) for name in entries):
            raise _refusal(entries, where)
        prefix = f"{where}." if where else ""
        return {
            name: self.encode(entry, f"{prefix}{name}", depth + 1)
            for name, entry in entries.items()
        }

    def _array(self, array, where):
        if np.ma.isMaskedArray(array):
            raise _refusal(array, where)
        array = np.asarray(array)
        if array.dtype == np.complex128:
            parts = np.ascontiguousarray(array).view(float).reshape(*array.shape, 2)
            return {"complex": self._kept(parts, where)}
        if array.flags.f_contiguous and not array.flags.c_contiguous:
            # Sums of products may be rounded otherwise in another order.
            return {"transposed": self._kept(array.T, where)}
        return {"array": self._kept(array, where)}

    def _scalar(self, value, where, depth):
        if value.dtype.name not in _SCALARS:
            raise _refusal(value, where)
        return {"scalar": value.dtype.name, "value": self.encode(value.item(), where, depth + 1)}

    def _kept(self, array, where):
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
            raise _refusal(array, where)
        while where in self.arrays:
            where += "_"
        self.arrays[where] = array
        return where

    def _object(self, value, where, depth):
        if isinstance(value, np.random.RandomState):
            return {"random_state": self._entries(_random_entries(value, where), where, depth)}
        if type(value).__module__ == "torch" and type(value).__name__ == "device":
            return {"device": str(value)}
        if isinstance(value, type) and name_of(value) in OPTIMIZERS:
            return {"class": name_of(value)}
        if type(value) is functools.partial and not value.args:
            name = name_of(value.func) if isinstance(value.func, type) else None
            if name in OPTIMIZERS:
                keywords = self._entries(value.keywords, where, depth)
                return {"partial": name, "keywords": keywords}
        name = name_of(type(value))
        if name is None:
            raise _refusal(value, where)
        params = {parameter: getattr(value, parameter) for parameter in parameters_of(type(value))}
        encoded = {"object": name, "params": self._entries(params, where, depth)}
        fitted = _fitted_entries(value, name, final=self.final)
        if fitted is not None:
            encoded["fitted"] = self._entries(fitted, where, depth)
        return encoded


class Decoder:
    """Builds objects of JSON and arrays.

    Parameters
    ----------
    arrays : dict of str to ndarray
        Each is taken out of it when it is used.
    """

    def __init__(self, arrays):
        self.arrays = arrays

    def decode(self, value, depth=0):
        """Return the object that JSON stands for.

        Raises
        ------
        ValueError
            If it stands for none.
        """
        if depth > _DEEPEST:
            raise ValueError("objects are nested too deeply")
        if isinstance(value, list):
            return [self.decode(part, depth + 1) for part in value]
        if isinstance(value, dict):
            return self._form(value, depth)
        return value

    def _form(self, value, depth):  # noqa: PLR0911, PLR0912 (one for each form)
        match len(value), value:
            case 1, {"array": str(name)}:
                return self._taken(name)
            case 1, {"transposed": str(name)}:
                return self._taken(name).T
            case 1, {"complex": str(name)}:
                return self._complex(name)
            case 1, {"float": "nan" | "inf" | "-inf" as digits}:
                return float(digits)
            case 1, {"tuple": list(parts)}:
                return tuple(self.decode(parts, depth))
            case 1, {"dict": dict(entries)}:
                return self._entries(entries, depth)
            case 1, {"random_state": dict(entries)}:
                return _random_state(State("random_state", self._entries(entries, depth)))
            case 1, {"device": str(name)}:
                return _device(name)
            case 1, {"class": str(name)} if name in OPTIMIZERS:
                return class_of(name)
            case 2, {"scalar": str(name), "value": number} if name in _SCALARS:
                with np.errstate(over="raise"):
                    return np.dtype(name).type(self.decode(number, depth + 1))
            case 2, {"partial": str(name), "keywords": dict(keywords)} if name in OPTIMIZERS:
                return functools.partial(class_of(name), **self._entries(keywords, depth))
            case 2, {"object": str(name), "params": dict(params)}:
                return self._object(name, params, None, depth)
            case 3, {"object": str(name), "params": dict(params), "fitted": dict(fitted)}:
                return self._object(name, params, fitted, depth)
        raise ValueError(f"an entry has the unknown form {sorted(value)[:5]}")

    def _entries(self, entries, depth):
        return {name: self.decode(entry, depth + 1) for name, entry in entries.items()}

    def _taken(self, name):
        if name not in self.arrays:
            raise ValueError(f"the array {name!r:.60} is missing, or asked for twice")
        return self.arrays.pop(name)

    def _complex(self, name):
        parts = self._taken(name)
        if parts.dtype != np.float64 or parts.shape[-1:] != (2,):
            raise ValueError(f"the array {name!r:.60} holds no complex numbers")
        return parts.view(complex)[..., 0]

    def _object(self, name, params, fitted, depth):
        cls = class_of(name)
        if name in OPTIMIZERS:
            raise ValueError(f"{name} is made in a fit only")
        unknown = params.keys() - set(parameters_of(cls))
        if unknown:
            raise ValueError(f"{name} has no parameters {sorted(unknown)[:5]} in this version")
        made = cls(**self._entries(params, depth))
        if fitted is not None:
            _restore(made, name, State(name, self._entries(fitted, depth)))
        return made


def _fitted_entries(value, name, *, final):
    """Return what an estimator has learned; None if it is none, or has learned nothing."""
    if name not in (*SCALERS, *ESTIMATORS):
        return None
    try:
        check_is_fitted(value)
    except NotFittedError:
        return None
    entries = {"n_features_in_": value.n_features_in_}
    entries |= scaler_state(value) if name in SCALERS else value._fitted_state()
    if name in ESTIMATORS and not final:
        entries |= value._stream_state()
    if hasattr(value, "feature_names_in_"):
        entries["feature_names_in_"] = [str(column) for column in value.feature_names_in_]
    container = output_container(value)
    return entries if container is None else {**entries, "output": container}


def _restore(estimator, name, state):
    """Give an estimator back what it had learned."""
    if name not in (*SCALERS, *ESTIMATORS):
        raise ValueError(f"{name} learns nothing")
    estimator.n_features_in_ = state.count("n_features_in_", least=1)
    if "feature_names_in_" in state:
        names = state.take("feature_names_in_", list)
        if len(names) != estimator.n_features_in_ or not all(isinstance(n, str) for n in names):
            raise ValueError(f"feature_names_in_ of {name} do not name its columns")
        estimator.feature_names_in_ = np.array(names, dtype=object)
    if "output" in state:
        estimator.set_output(transform=state.take("output", str))
    if name in SCALERS:
        restore_scaler(estimator, name, state)
    else:
        estimator._restore(state)
    state.finish()


def _random_entries(random_state, where):
    state = random_state.get_state(legacy=False)
    if state["bit_generator"] != "MT19937":
        raise _refusal(random_state, where)
    return {
        "key": state["state"]["key"],
        "pos": int(state["state"]["pos"]),
        "has_gauss": int(state["has_gauss"]),
        "gauss": float(state["gauss"]),
    }


def _random_state(state):
    key = state.array("key", (624,), np.uint32)
    position, has_gauss = state.count("pos"), state.count("has_gauss")
    gauss = state.number("gauss")
    state.finish()
    if position > len(key) or has_gauss > 1:
        raise ValueError("random_state is at no place of its sequence")
    random_state = np.random.RandomState(0)
    random_state.set_state(("MT19937", key, position, has_gauss, gauss))
    return random_state


def _device(name):
    import torch  # noqa: PLC0415 (skfourier's import stays light)

    return torch.device(name)


def _refusal(value, where):
    try:
        text = repr(value)
    except Exception:  # of the user's own class
        text = type(value).__name__
    text = text if len(text) <= _LONGEST_REPR else f"{text[:_LONGEST_REPR]}..."
    return ValueError(
        f"{where}={text}, a {type(value).__module__}.{type(value).__qualname__}, cannot be saved: "
        f"files hold numbers, strings, arrays and objects of skfourier's classes, so that "
        f"loading one runs no code but skfourier's. Where predictions do without it (a solver, a "
        f"splitter), put another in its place by set_params, which keeps what was fitted; else "
        f"pickle the model."
    )
