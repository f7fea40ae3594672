"""What several processes must agree on before they train one network."""

from numbers import Number

import numpy as np

from skfourier._training import _processes as processes
from skfourier._training._embeddings import chooses_sigma


def check_same_training(params, X, y, weight, validation, *, going_on):
    """Check that all processes ask for the same training, one that several can share.

    Parameters
    ----------
    params : dict
        Of the estimator. Numbers, strings and lists are compared, but not how much is printed.
    X, y, weight, validation : ndarray, or None
        Their columns and dtypes must be the same.
    going_on : bool

    Raises
    ------
    ValueError
        If they do not, in all processes.
    """
    if processes.count() == 1:
        return
    _check_shared(params)
    asked = {
        name: repr(value)
        for name, value in params.items()
        if isinstance(value, Number | str | list | tuple | None) and name != "verbose"
    }
    facts = {
        "the columns and the dtype of X": f"{X.shape[1]}, {X.dtype}",
        "the columns and the dtype of y": f"{y.shape[1]}, {y.dtype}",
        "whether there is a sample_weight": weight is not None,
        "whether there is an X_val": validation is not None,
        "whether it goes on from another fit": going_on,
    }
    first, *others = processes.each(asked | facts)
    for other, theirs in enumerate(others, start=1):
        for name in sorted(first.keys() | theirs.keys()):
            if first.get(name) != theirs.get(name):
                raise ValueError(
                    f"All processes must ask for the same training. In process 0 {name} is "
                    f"{first.get(name, 'an object')}, in process {other} "
                    f"{theirs.get(name, 'an object')}."
                )


def _check_shared(params):
    """Refuse what needs all rows in one place."""
    if params["batch_norm"]:
        raise ValueError(
            "batch_norm=True takes the statistics of a whole batch, of which each process has a "
            "part. Set batch_norm=False, or fit in one process."
        )
    if chooses_sigma(params["embedding"]):
        raise ValueError(
            f"The embedding's sigma={params['embedding'].sigma!r} is chosen in one process. Fit a "
            f"sample of the rows there, and pass the embedding_.sigma_ that it finds."
        )


def of_mean_one(weight):
    """Scale weights so that their mean over the rows of all processes is 1."""
    weight = weight / max(processes.each(weight.max()))  # the sum of large ones would overflow
    totals, sizes = zip(*processes.each((weight.sum(), len(weight))), strict=True)
    return weight / (np.sum(totals) / sum(sizes))
