"""The base of the splitters: masks of rows become indices, checked on the way."""

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import indexable


class MaskSplitter(BaseCrossValidator):
    """A splitter that marks the rows to train and to test on; some may be in neither."""

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Yield the rows to train and to test on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates, or features of them.
        y : array-like of shape (n_samples, ...), default=None
            Not used.
        groups : None
            Not used: neighbors are told by the rows themselves.

        Yields
        ------
        train, test : ndarray of int
            Indices of rows, increasing; no row is in both.

        Raises
        ------
        ValueError
            If X is None, its rows are not those that the splitter is made for, or one side would
            be empty.

        Warns
        -----
        UserWarning
            If groups are given.
        """
        name = type(self).__name__
        if X is None:
            raise ValueError(f"{name} splits the rows of X; got X=None. Pass the coordinates.")
        if groups is not None:
            warnings.warn(f"{name} ignores groups.", UserWarning, stacklevel=2)
        X, _ = indexable(X, y)
        for train, test in self._masks(X):
            if not (train.any() and test.any()):
                side = "test" if train.any() else "train"
                raise ValueError(f"{self!r} leaves no row of these {len(train)} to {side} on.")
            yield np.flatnonzero(train), np.flatnonzero(test)

    @abstractmethod
    def _masks(self, X):
        """Yield pairs of boolean masks, each of shape (n_samples,) and true somewhere."""
