"""Saving and loading a model."""

from os import PathLike
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skfourier._saving._container import FORMAT, read_file, write_file
from skfourier._saving._known import MODELS, name_of
from skfourier._saving._values import Decoder, Encoder


def save(model: Any, path: str | PathLike[str], *, final: bool = False) -> None:
    """Write a fitted estimator, or a Pipeline, to a file without pickle.

    The file holds the model's parameters and what it has learned: arrays in the safetensors format,
    all else as JSON in its header, and a digest of both. The loaded model predicts the same to the
    last bit on the same machine. Kernel regressors keep what predictions need and no matrix of all
    rows against all: "nufft" and "primal" sums over the rows, other solvers the rows.

    Parameters
    ----------
    model : estimator of skfourier, or Pipeline
        The steps of a Pipeline are skfourier's, and scikit-learn's `StandardScaler` and
        `MinMaxScaler`.
    path : str or Path
        An older file of that name is replaced when the new one is complete.
    final : bool, default=False
        Whether to leave out what only further `partial_fit` need: the state of a network's
        optimizer, twice its weights or more, and the sample of rows that
        `FourierKernelRegressorCV.partial_fit` chooses from. A model that `fit` has fitted has
        neither, unless ``warm_start=True``.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    ValueError
        If it, or one of its steps or parameters, is of another class: with its name.
    OSError
        If the file cannot be written.

    See Also
    --------
    load : Reads the file.

    Notes
    -----
    A model may be saved and loaded between two `partial_fit`: the result of the next is the same to
    the last bit on the same machine with the same number of threads. `n_samples_seen_` says how
    many rows it has seen. After ``final=True`` a network's optimizer starts afresh, and a
    `FourierKernelRegressorCV` takes no more rows.

    The file does not hold callbacks and paths (a network's `checkpoint` and a Pipeline's `memory`),
    which are None after loading. Objects of your own classes (activations, embeddings, callables)
    are refused: a file that could name any code could run any code.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skfourier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X = np.linspace(1990, 2020, 50).reshape(-1, 1)
    >>> model = make_pipeline(StandardScaler(), skfourier.FourierKernelRegressor(0.5))
    >>> model = model.fit(X, np.sin(X[:, 0]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.safetensors"
    ...     skfourier.save(model, path)
    ...     again = skfourier.load(path)
    >>> bool(np.all(again.predict(X) == model.predict(X)))
    True
    """
    name = name_of(type(model))
    if name not in MODELS:
        raise ValueError(
            f"Files hold fitted estimators of skfourier and Pipelines of them. Got "
            f"{type(model).__name__}{_of_a_search(model)}"
        )
    check_is_fitted(model)
    encoder = Encoder(final=final)
    encoded = encoder.encode(model, "")
    content = {"format": FORMAT, "version": _version(), "model": encoded}
    write_file(path, content, encoder.arrays)


def load(path: str | PathLike[str]) -> Any:
    """Read a model that `save` has written.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    estimator or Pipeline
        Fitted, with its parameters; `fit` and `clone` work as before. A network that was trained on
        a device that is not here is on the CPU.

    Raises
    ------
    ValueError
        If it is not such a file, it is damaged, or a later version of skfourier has written it. No
        code in the file is run: there is none, and the classes that it may name are a closed list.
    OSError
        If it cannot be read.

    See Also
    --------
    save : Writes the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skfourier import FourierFeatures, load
    >>> features = FourierFeatures(sigma=10, random_state=0).fit([[0.0, 0.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     features.save(Path(folder) / "features.safetensors")
    ...     again = load(Path(folder) / "features.safetensors")
    >>> again, bool((again.frequencies_ == features.frequencies_).all())
    (FourierFeatures(random_state=0, sigma=10), True)
    """
    content, arrays = read_file(path)
    try:
        return _model(content, arrays)
    # Whatever else goes wrong in rebuilding is the file's fault.
    except (
        *(ArithmeticError, AttributeError, LookupError, RecursionError, RuntimeError),
        *(TypeError, ValueError),
    ) as error:
        reason = str(error).rstrip(".")
        raise ValueError(
            f"{path}, written by skfourier {content['version']:.40}, holds no model that "
            f"skfourier {_version()} can rebuild: {reason}."
        ) from error


def _model(content, arrays):
    if content.keys() != {"format", "version", "model"}:
        raise ValueError(f"it has the entries {sorted(content)[:5]}")
    encoded = content["model"]
    if not isinstance(encoded, dict) or encoded.get("object") not in MODELS:
        raise ValueError("its outermost object is no model")
    decoder = Decoder(arrays)
    model = decoder.decode(encoded)
    if decoder.arrays:
        raise ValueError(f"nothing uses its arrays {sorted(decoder.arrays)[:3]}")
    _check_whole(model)
    return model


def _check_whole(model):
    """Check that a model of a file is fitted; of a Pipeline, all of its steps."""
    if not isinstance(model, Pipeline):
        check_is_fitted(model)
        return
    if not (isinstance(model.steps, list) and model.steps):
        raise ValueError("a Pipeline has no steps")
    for name, step in model.steps:
        if not isinstance(name, str):
            raise ValueError(f"a step is named {name!r}")
        if step not in (None, "passthrough"):
            if name_of(type(step)) not in MODELS:
                raise ValueError(f"the step {name!r} is a {type(step).__name__}")
            _check_whole(step)


def _version():
    import skfourier  # noqa: PLC0415 (which imports this)

    return skfourier.__version__


def _of_a_search(model):
    """Say what to do with a search of scikit-learn's."""
    return ": save its best_estimator_." if hasattr(model, "best_estimator_") else "."
