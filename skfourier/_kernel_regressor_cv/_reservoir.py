"""A sample of the rows of a stream, each row as likely to be in it as any other."""

import copy
from typing import Any

import numpy as np

# So many rows of a stream are enough to choose by.
ROWS_OF_A_SAMPLE = 40_000


class Reservoir:
    """A uniform sample of all rows seen so far.

    Each row draws a random number when it comes; those with the smallest ones are kept.

    Parameters
    ----------
    size : int, default=40_000
        Rows that are kept.

    Attributes
    ----------
    rows : tuple of ndarray
        X, y and weights of the rows kept.
    """

    def __init__(self, size=ROWS_OF_A_SAMPLE):
        self.size = size
        self.rows: Any = None
        self._rng, self._numbers = np.random.default_rng(0), np.empty(0)

    def with_rows(self, X, y, weight):
        """Return a reservoir that has been offered these rows too."""
        other = copy.deepcopy(self)
        other._add(X, y, weight)
        return other

    def _add(self, X, y, weight):
        numbers = self._rng.random(len(X))
        if self.rows is None:
            self.rows = tuple(array[:0] for array in (X, y, weight))
        if len(self._numbers) == self.size:
            fresh = numbers < self._numbers.max()
            X, y, weight, numbers = X[fresh], y[fresh], weight[fresh], numbers[fresh]
        self._numbers = np.concatenate([self._numbers, numbers])
        kept = np.argsort(self._numbers, kind="stable")[: self.size]
        self._numbers = self._numbers[kept]
        self.rows = tuple(
            np.concatenate([mine, more])[kept]
            for mine, more in zip(self.rows, (X, y, weight), strict=True)
        )
