"""Splitters of the pixels of an image by their place: a coarser grid, whole patches."""

import math
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.model_selection import GroupKFold
from sklearn.utils import check_random_state, check_scalar

from skfourier._checks import checked_rows, positive_integers
from skfourier.grids import find_grid
from skfourier.model_selection._splitter import MaskSplitter


class GridHoldoutSplit(MaskSplitter):
    r"""Train on every `step`-th pixel, test on those between: one split.

    For an image and step 2 this is ``[::2, ::2]`` against ``[1::2, 1::2]``, the protocol of Tancik
    et al.: each test pixel lies diagonally between training pixels, and none of the four that it
    touches is one. In general a training pixel has an index that is a multiple of `step` on every
    axis, a test pixel on none.

    Parameters
    ----------
    shape : tuple of int or None, default=None
        None finds the grid that the rows of X are, in any order, some of them missing; its axes
        are the columns of X. Else (height, width) of an image, (frames, height, width) of a video,
        without channels, for an X whose columns are no coordinates: it has a row for each pixel,
        in their order (the last axis fastest), as `image_to_samples` gives it.
    step : int or tuple of int, default=2
        For all axes or for each. An axis of step 1 is not thinned out: ``step=(2, 2, 1)`` is
        Tancik's protocol in every frame of a video with the columns x, y and time,
        ``step=(1, 1, 10)`` is `FrameSplit`.

    Raises
    ------
    ValueError, TypeError
        If `shape` is no shape, or `step` leaves nothing to test on. From `split`, if X is no grid;
        if `shape` is given and has not as many pixels as X rows, or X is a grid in another order
        (of coordinates only that can be told; with other columns the order is yours to keep).

    See Also
    --------
    BlockKFold : Holds out patches, which is harder.

    Notes
    -----
    Pixels beyond the last training pixel of an axis are tested too: at 512 pixels and step 2 the
    last row and the last column of the test pixels, which lie half a step outside.

    References
    ----------
    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.images import pixel_grid
    >>> from skfourier.model_selection import GridHoldoutSplit
    >>> X = pixel_grid((4, 16))
    >>> for step in (2, 3):
    ...     train, test = next(GridHoldoutSplit(step).split(X))
    ...     picture = np.full(len(X), ".")
    ...     picture[train], picture[test] = "#", "o"
    ...     print(*map("".join, picture.reshape(4, 16)), "", sep="\n")
    #.#.#.#.#.#.#.#.
    .o.o.o.o.o.o.o.o
    #.#.#.#.#.#.#.#.
    .o.o.o.o.o.o.o.o
    <BLANKLINE>
    #..#..#..#..#..#
    .oo.oo.oo.oo.oo.
    .oo.oo.oo.oo.oo.
    #..#..#..#..#..#
    <BLANKLINE>
    """

    def __init__(self, step: Any = 2, *, shape: Any = None) -> None:
        self.step = step
        self.shape = shape
        if shape is not None:
            self._steps(_checked_shape(shape))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002 (as scikit-learn's)
        """Return 1."""
        return 1

    def _masks(self, X):
        places, shape = _places(X, self.shape)
        steps = self._steps(shape)
        pairs = list(zip(places, steps, strict=True))
        train = np.all([place % step == 0 for place, step in pairs], axis=0)
        test = np.all([place % step != 0 for place, step in pairs if step > 1], axis=0)
        yield train, test

    def _steps(self, shape):
        """Return the step of each axis of a grid of this shape."""
        steps = _for_each_axis(self.step, shape, "step")
        if max(steps) == 1:
            raise ValueError(
                f"step={self.step!r} trains on every pixel and leaves none to test on. Pass a step "
                "of 2 or more for one axis at least."
            )
        for n, step in zip(shape, steps, strict=True):
            if n == 1 < step:
                raise ValueError(
                    f"shape={shape!r} has an axis of one pixel, and step={self.step!r} leaves "
                    "nothing to test on there. Pass a step of 1 for that axis."
                )
        return steps


class BlockKFold(MaskSplitter):
    r"""K folds of whole patches: each pixel is tested once, its near neighbors with it.

    The blocks are dealt out largest first, each to the fold that has the fewest pixels, so that no
    two folds differ by more than the pixels of one block.

    Parameters
    ----------
    block_size : int or tuple of int
        Pixels of a block along all axes or along each. At the far edges blocks are cut off.
    shape : tuple of int or None, default=None
        None finds the grid that the rows of X are, in any order, some of them missing; its axes
        are the columns of X. Else (height, width) of an image, (frames, height, width) of a video,
        without channels, for an X whose columns are no coordinates: it has a row for each pixel,
        in their order (the last axis fastest), as `image_to_samples` gives it.
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether blocks are dealt out at random. In order, the blocks of a fold may come to lie one
        below the other.
    random_state : int, RandomState instance or None, default=None
        With `shuffle`: pass an int for the same folds in every call.

    Raises
    ------
    ValueError, TypeError
        If `shape` is no shape, there are fewer blocks than folds, or `random_state` is given
        without `shuffle`. From `split`, if X is no grid; if `shape` is given and has not as many
        pixels as X rows, or X is a grid in another order (of coordinates only that can be told;
        with other columns the order is yours to keep).

    See Also
    --------
    GridHoldoutSplit : Holds out pixels between pixels, which is easier.
    sklearn.model_selection.GroupKFold : Deals out groups of any kind, and these blocks too.

    References
    ----------
    Roberts et al., "Cross-validation strategies for data with temporal, spatial, hierarchical, or
    phylogenetic structure", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.images import pixel_grid
    >>> from skfourier.model_selection import BlockKFold
    >>> X = pixel_grid((6, 20))
    >>> picture = np.empty(len(X), dtype=str)
    >>> for fold, (train, test) in enumerate(BlockKFold((4, 2), n_splits=4).split(X)):
    ...     picture[test] = fold
    >>> print(*map("".join, picture.reshape(6, 20)), sep="\n")
    22223333000011112222
    22223333000011112222
    11112222333300001111
    11112222333300001111
    00001111222233330000
    00001111222233330000
    """

    def __init__(
        self,
        block_size: Any,
        n_splits: int = 5,
        *,
        shape: Any = None,
        shuffle: bool = False,
        random_state: Any = None,
    ) -> None:
        self.block_size = block_size
        self.n_splits = n_splits
        self.shape = shape
        self.shuffle = shuffle
        self.random_state = random_state
        check_scalar(n_splits, "n_splits", Integral, min_val=2)
        if random_state is not None and not shuffle:
            raise ValueError(
                f"random_state={random_state!r} has no effect without shuffle. Pass shuffle=True, "
                "or leave it out."
            )
        if shape is not None:
            self._counts(_checked_shape(shape))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002 (as scikit-learn's)
        """Return the number of folds."""
        return self.n_splits

    def _masks(self, X):
        block = self._blocks(*_places(X, self.shape))
        if self.shuffle:
            block = check_random_state(self.random_state).permutation(block.max() + 1)[block]
        for _, test in GroupKFold(self.n_splits).split(block, groups=block):
            mask = np.zeros(len(block), dtype=bool)
            mask[test] = True
            yield ~mask, mask

    def _blocks(self, places, shape):
        """Return for each row the number of its block."""
        counts = self._counts(shape)
        sizes = _for_each_axis(self.block_size, shape, "block_size")
        along = tuple(place // size for place, size in zip(places, sizes, strict=True))
        return np.ravel_multi_index(along, counts)

    def _counts(self, shape):
        """Count the blocks along each axis of a grid of this shape."""
        sizes = _for_each_axis(self.block_size, shape, "block_size")
        counts = [math.ceil(n / size) for n, size in zip(shape, sizes, strict=True)]
        if math.prod(counts) < self.n_splits:
            raise ValueError(
                f"shape={shape!r} with block_size={self.block_size!r} makes {math.prod(counts)} "
                f"blocks, too few for n_splits={self.n_splits}. Pass smaller blocks or fewer folds."
            )
        return counts


def _places(X, shape):
    """Return the index of each row along each axis, and the shape of the grid."""
    if shape is not None:
        shape = _checked_shape(shape)
        _check_rows(X, shape)
        return np.unravel_index(np.arange(math.prod(shape)), shape), shape
    grid = find_grid(checked_rows(X, "X"))
    if grid is None:
        raise ValueError(
            "The rows of X lie on no grid, so that there are no pixels between pixels. If its "
            "columns are no coordinates, pass the shape of the image that the rows are the pixels "
            "of, in their order; split scattered rows by scikit-learn's ShuffleSplit or KFold."
        )
    grid = grid.evenly_spaced() or grid  # lines that are missing altogether count
    return np.unravel_index(grid.index, grid.shape), grid.shape


def _checked_shape(shape):
    """Return the shape as a tuple of positive integers."""
    sizes = positive_integers(shape)
    if not sizes:
        raise ValueError(
            f"shape must be a tuple of positive integers, (height, width) of an image or (frames, "
            f"height, width) of a video; got {shape!r}."
        )
    return sizes


def _for_each_axis(value, shape, name):
    """Return a number of pixels for each axis, of one for all or of a tuple."""
    values = (value,) * len(shape) if isinstance(value, Integral) else tuple(np.atleast_1d(value))
    numbers = positive_integers(values)
    if len(numbers) != len(shape):
        raise ValueError(
            f"{name} must be a positive integer, or one for each of the {len(shape)} axes of "
            f"shape={tuple(shape)!r}; got {value!r}."
        )
    return numbers


def _check_rows(X, shape):
    """Check that X has a row for each pixel, in their order as far as that can be told."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    n_pixels = math.prod(shape)
    if n_samples != n_pixels:
        channels = " Leave the channels out." if math.prod(shape[:-1]) == n_samples else ""
        raise ValueError(
            f"shape={shape} has {n_pixels} pixels, but X has {n_samples} rows. Pass the shape of "
            f"the image that these rows are the pixels of.{channels}"
        )
    coordinates = np.empty(0) if issparse(X) else np.asarray(X)
    if coordinates.ndim != 2 or coordinates.dtype.kind not in "fiu":
        return
    if all(_rises_along_one_axis(column.reshape(shape)) for column in coordinates.T):
        return
    grid = find_grid(coordinates)
    if grid is not None and grid.is_full:
        raise ValueError(
            f"The rows of X are a grid, but not in the order of the pixels of shape={shape}: the "
            "last axis fastest, each coordinate rising or falling along one axis. Sort the rows "
            "(and y with them), or check whether the shape is (height, width)."
        )


def _rises_along_one_axis(values):
    """Return whether values rise (or fall) along one axis and are constant along all others."""
    steps = [np.diff(values, axis=axis) for axis in range(values.ndim)]
    steps = [step for step in steps if step.any()]
    return not steps or (len(steps) == 1 and abs(np.sign(steps[0]).sum()) == steps[0].size)
