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
    n_offered : int
        Rows that it has seen.
    """

    def __init__(self, size=ROWS_OF_A_SAMPLE):
        self.size, self.n_offered = size, 0
        self.rows: Any = None
        self._rng = np.random.Generator(np.random.PCG64(0))
        self._numbers = np.empty(0)

    def with_rows(self, X, y, weight):
        """Return a reservoir that has been offered these rows too."""
        other = copy.deepcopy(self)
        numbers = other._rng.random(len(X))
        other.n_offered += len(X)
        if other.rows is None:
            other.rows = tuple(array[:0] for array in (X, y, weight))
        if len(other._numbers) == other.size:
            fresh = numbers < other._numbers.max()
            X, y, weight, numbers = X[fresh], y[fresh], weight[fresh], numbers[fresh]
        other._numbers = np.concatenate([other._numbers, numbers])
        kept = np.argsort(other._numbers, kind="stable")[: other.size]
        other._numbers = other._numbers[kept]
        other.rows = tuple(
            np.concatenate([mine, more])[kept]
            for mine, more in zip(other.rows, (X, y, weight), strict=True)
        )
        return other

    def state(self):
        """Return what files hold."""
        X, y, weight = self.rows
        columns = {"X": X, "y": y, "weight": weight, "numbers": self._numbers}
        return {"size": self.size, "n_offered": self.n_offered, **columns}

    @classmethod
    def from_state(cls, state, n_features, n_outputs):
        """Rebuild a reservoir of such rows from `state`.

        Raises
        ------
        ValueError
            If the parts do not belong together.
        """
        reservoir = cls(state.count("size", least=1))
        reservoir.n_offered = n_offered = state.count("n_offered", least=1)
        numbers = state.array("numbers", (min(reservoir.size, n_offered),))
        X = state.array("X", (len(numbers), n_features), np.float32, np.float64)
        y = state.array("y", (len(numbers), n_outputs))
        weight = state.array("weight", (len(numbers),), np.float32, np.float64)
        state.finish()
        if not (np.all(np.diff(numbers) >= 0) and numbers[0] >= 0 and numbers[-1] < 1):
            raise ValueError(f"numbers of {state.owner} are not those of the smallest rows")
        if weight.min() <= 0:
            raise ValueError(f"weights of {state.owner} are not positive")
        reservoir.rows, reservoir._numbers = (X, y, weight), numbers
        # One draw a row.
        reservoir._rng = np.random.Generator(np.random.PCG64(0).advance(n_offered))
        return reservoir
