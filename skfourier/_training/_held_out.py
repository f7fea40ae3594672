"""Rows that are held out of the training, and the network's score there."""

import math

import numpy as np
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from skfourier._training._prediction import predict


def held_out_rows(n_samples, fraction, random_state):
    """Choose rows to train on and rows to hold out.

    Returns
    -------
    kept, held_out : ndarray of int

    Raises
    ------
    ValueError
        If fewer than two rows would be held out, or none kept.
    """
    n_held_out = math.ceil(fraction * n_samples)
    if not 2 <= n_held_out < n_samples:
        raise ValueError(
            f"early_stopping scores two or more rows and trains on others. Of the {n_samples} "
            f"samples here, validation_fraction={fraction} holds out {n_held_out}: change it, or "
            f"set early_stopping=False."
        )
    return train_test_split(np.arange(n_samples), test_size=n_held_out, random_state=random_state)


def take(rows, X, y, weight):
    """Take rows of all three; the weights may be None."""
    return X[rows], y[rows], None if weight is None else weight[rows]


def scorer(X, y, weight):
    """Return a function that scores a network at these rows by R^2."""

    def score(network):
        predictions = predict(network, X)
        if not np.all(np.isfinite(predictions)):
            return -math.inf
        return r2_score(y, predictions, sample_weight=weight)

    return score
