"""Splitters of the frames of a video, which rows name by their time."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_scalar

from skfourier._checks import checked_rows
from skfourier.model_selection._splitter import MaskSplitter


class FrameSplit(MaskSplitter):
    """Train on every `keep_every`-th frame of a video, test on all others: one split.

    A frame is the set of rows with the same time, the last column of X. Its distinct values, in
    increasing order, are the frames 0, 1, 2, ...; rows may come in any order. Frames 0, k, 2 k, ...
    train.

    Parameters
    ----------
    keep_every : int, default=10
        k, at least 2. The last frame is kept if k divides its number; if not, the frames after the
        last one kept are tested too, and are extrapolated.

    Raises
    ------
    ValueError, TypeError
        If `keep_every` is not an integer of at least 2. From `split`, if X is not a table of finite
        numbers, or has one time only.

    See Also
    --------
    FrameKFold : Chooses parameters on the frames kept, without those that test.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.model_selection import FrameSplit
    >>> X = np.column_stack([np.zeros(31), np.zeros(31), np.arange(31) / 31])
    >>> train, test = next(FrameSplit(keep_every=10).split(X))
    >>> picture = np.full(31, ".")
    >>> picture[train], picture[test] = "#", "o"
    >>> print("".join(picture))
    #ooooooooo#ooooooooo#ooooooooo#
    """

    def __init__(self, keep_every: int = 10) -> None:
        self.keep_every = keep_every
        check_scalar(keep_every, "keep_every", Integral, min_val=2)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002 (as scikit-learn's)
        """Return 1."""
        return 1

    def _masks(self, X):
        frame, n_frames = _frames(X)
        if n_frames < 2:
            raise ValueError(
                f"{self!r} needs 2 frames at least, one to train and one to test on; the last "
                f"column of X holds one time only. Make it the time."
            )
        kept = frame % self.keep_every == 0
        yield kept, ~kept


class FrameKFold(MaskSplitter):
    """K folds of the frames of a video, but for the first and the last, which always train.

    Frame i is tested in fold (i - 1) mod K, so that both neighbors of a frame that is held out are
    in the training set, and none is extrapolated. It is meant for choosing parameters on the frames
    that a `FrameSplit` keeps, without those it tests on.

    Parameters
    ----------
    n_splits : int, default=5
        K, at least 2 and at most the number of inner frames; with as many as these each fold leaves
        one frame out.

    Raises
    ------
    ValueError, TypeError
        If `n_splits` is not an integer of at least 2. From `split`, if X is not a table of finite
        numbers, or has fewer inner frames than folds.

    Notes
    -----
    A frame held out lies in a gap twice as wide as those that the final model will bridge, so that
    the choice is smoother in time than the best: on a film, half the best sigma of a Gaussian
    (docs/performance.md). Two folds double every gap, more of them only the tested ones. Held-out
    frames say nothing about x and y, as each pixel is known at other times.

    See Also
    --------
    FrameSplit : Tests the chosen model.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.model_selection import FrameKFold
    >>> X = np.column_stack([np.zeros(8), np.zeros(8), np.arange(8) / 8])
    >>> for train, test in FrameKFold(n_splits=3).split(X):
    ...     picture = np.full(8, ".")
    ...     picture[train], picture[test] = "#", "o"
    ...     print("".join(picture))
    #o##o###
    ##o##o##
    ###o##o#
    """

    def __init__(self, n_splits: int = 5) -> None:
        self.n_splits = n_splits
        check_scalar(n_splits, "n_splits", Integral, min_val=2)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002 (as scikit-learn's)
        """Return the number of folds."""
        return self.n_splits

    def _masks(self, X):
        frame, n_frames = _frames(X)
        if n_frames - 2 < self.n_splits:
            raise ValueError(
                f"{self!r} needs {self.n_splits + 2} frames at least, the first and the last and "
                f"one for each fold; the last column of X holds {n_frames} times. Take fewer folds "
                f"(2 for 4 frames), or make that column the time."
            )
        inner = (frame > 0) & (frame < n_frames - 1)
        for fold in range(self.n_splits):
            held_out = inner & ((frame - 1) % self.n_splits == fold)
            yield ~held_out, held_out


def _frames(X):
    """Return for each row the number of its frame, and how many frames there are."""
    times = checked_rows(X, "X")[:, -1]
    distinct, frame = np.unique(times, return_inverse=True)
    return frame, len(distinct)
