"""Rows that are held out of the training, and the network's score there."""

import math

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from skfourier._training import _processes as processes
from skfourier._training._prediction import predict
from skfourier._units import powers_of_two


def held_out_rows(X, n_places, random_state):
    """Choose rows to train on and rows to hold out; rows of one place stay together.

    So a weight is a number of repetitions here, too.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    n_places : int
        Distinct rows to hold out.
    random_state : RandomState

    Returns
    -------
    kept, held_out : ndarray of int
    """
    place = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    splitter = GroupShuffleSplit(1, test_size=n_places, random_state=random_state)
    return next(splitter.split(X, groups=place))


def split_rows(X, y, weight, fraction, random_state):
    """Split rows into those to train on and a fraction to score, in each process its own.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_outputs)
    weight : ndarray of shape (n_samples,) or None
    fraction : float
        Of the distinct rows.
    random_state : RandomState

    Returns
    -------
    kept, held_out : tuple of X, y and weight

    Raises
    ------
    ValueError
        If fewer than two places would be held out, or none kept.
    """
    with processes.together():
        n_all = len(np.unique(X, axis=0))
        n_held_out = math.ceil(fraction * n_all)
        if not 2 <= n_held_out < n_all:
            raise ValueError(
                f"early_stopping and a search for sigma score two or more places and train on "
                f"others. Of the {n_all} distinct rows of X, validation_fraction={fraction} holds "
                f"out {n_held_out}: change it, or do without."
            )
    kept, held_out = held_out_rows(X, n_held_out, processes.own_random_state(random_state))
    return take(kept, X, y, weight), take(held_out, X, y, weight)


def take(rows, X, y, weight):
    """Take rows of all three; the weights may be None."""
    return X[rows], y[rows], None if weight is None else weight[rows]


def scorer(X, y, weight):
    """Return a function that scores a network at these rows of all processes by R^2."""
    weight = np.ones(len(X)) if weight is None else weight
    # Squares of very large or small targets would overflow: their size is taken out first, exactly.
    unit = np.max(processes.each(powers_of_two(y, axis=0)), axis=0)
    y = y / unit
    mean = _sum(weight @ y) / _sum(weight.sum())
    spread = _sum(weight @ np.square(y - mean))

    def score(network):
        with np.errstate(over="ignore", invalid="ignore"):
            missed = _sum(weight @ np.square(y - predict(network, X) / unit))
        if not np.all(np.isfinite(missed)):
            return -math.inf
        # As scikit-learn's r2_score where y is constant.
        constant = spread == 0
        return np.mean(np.where(constant, missed == 0, 1 - missed / np.where(constant, 1, spread)))

    return score


def _sum(values):
    """Add up over the processes."""
    return np.sum(processes.each(values), axis=0)
