"""Regular grids, and how rows of coordinates are recognized as one."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A coordinate that is off by a share s of the spacing h changes a kernel of scale sigma by at most
# 2 pi sigma h s of k(0). A grid resolves the kernel while sigma h < 1/2: below 1e-6 with this s.
_EVEN = 3e-7
# With more points to a row a grid has too many holes: an image may lack 96 % of its pixels.
MAX_POINTS_PER_ROW = 32
# Where rounding is a larger share of the spacing, even and uneven axes look alike.
_COARSEST_ROUNDING = 1 / 16


@dataclass(frozen=True)
class Grid:
    """A grid of coordinates, all of its points or some of them given as rows.

    Parameters
    ----------
    axes : tuple of ndarray
        The coordinates along each axis, increasing, evenly spaced or not.
    index : ndarray of shape (n_samples,)
        For each row its place in the grid, counted in C order (last axis fastest); no two alike.
    rounding : tuple of float, default=()
        For each axis by how much its coordinates may be off; () stands for exact ones.

    Examples
    --------
    >>> from skfourier.grids import find_grid
    >>> grid = find_grid([[0.0, 5.0], [0.0, 7.0], [2.0, 5.0]])
    >>> grid.shape, grid.is_full
    ((2, 2), False)
    >>> grid.scatter([[1.0], [2.0], [3.0]])
    array([[[1., 2.],
            [3., 0.]]])
    """

    axes: tuple[np.ndarray, ...]
    index: np.ndarray
    rounding: tuple[float, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points along each axis."""
        return tuple(map(len, self.axes))

    @property
    def n_points(self) -> int:
        """Number of points, including those without a row."""
        return math.prod(self.shape)

    @property
    def is_full(self) -> bool:
        """Whether every point is a row."""
        return len(self.index) == self.n_points

    def scatter(self, rows: Any) -> NDArray[Any]:
        """Put rows in their places, zeros in the holes.

        Parameters
        ----------
        rows : array-like of shape (n_samples, n_outputs)

        Returns
        -------
        ndarray of shape (n_outputs, *shape), float64
            Outputs come first, so that each is contiguous.
        """
        rows = np.asarray(rows, dtype=float)
        array = np.zeros((rows.shape[1], self.n_points))
        array[:, self.index] = rows.T
        return array.reshape(-1, *self.shape)

    def gather(self, array: Any) -> NDArray[Any]:
        """Take the rows out of an array on the grid: the inverse of `scatter`.

        Parameters
        ----------
        array : ndarray of shape (n_outputs, *shape)

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """
        return np.ascontiguousarray(array.reshape(len(array), -1)[:, self.index].T)

    def spacing(self) -> NDArray[Any]:
        """Return the distance between neighbors along each axis; 1 where there is one point."""
        return np.array([_mean_spacing(axis) for axis in self.axes])

    def rounding_in_steps(self) -> NDArray[Any]:
        """Return the rounding of each axis as a share of its spacing, at least 3e-7."""
        return np.maximum(_EVEN, 2 * np.array(self.rounding or 0.0) / self.spacing())

    def evenly_spaced(self, *, max_points_per_row: float = MAX_POINTS_PER_ROW) -> "Grid | None":
        """Return the same rows on evenly spaced axes, or None.

        Lines that are missing altogether are put in: 0, 1, 3, 4 becomes 0, 1, 2, 3, 4.

        Parameters
        ----------
        max_points_per_row : float, default=32
            With more grid points to a row than that there are too many holes.

        Returns
        -------
        Grid or None
            None if an axis is not even within the rounding of its coordinates, and 3e-7 of its
            spacing (no kernel that the grid resolves changes by more than 1e-6), or if it has
            too many holes.

        Examples
        --------
        >>> from skfourier.grids import find_grid
        >>> grid = find_grid([[0.0], [1.0], [3.0], [4.0]])
        >>> grid.evenly_spaced().shape
        (5,)
        """
        rounding = self.rounding or (0.0,) * len(self.axes)
        counts = [_even_counts(*pair) for pair in zip(self.axes, rounding, strict=True)]
        if any(count is None for count in counts):
            return None
        shape = tuple(int(count[-1]) + 1 for count in counts)
        if math.prod(shape) > max_points_per_row * len(self.index):
            return None
        axes = tuple(
            np.linspace(axis[0], axis[-1], n) for axis, n in zip(self.axes, shape, strict=True)
        )
        places = zip(counts, np.unravel_index(self.index, self.shape), strict=True)
        index = np.ravel_multi_index(tuple(count[place] for count, place in places), shape)
        return Grid(axes, index, self.rounding)


def find_grid(
    X: Any, *, max_points_per_row: float = MAX_POINTS_PER_ROW, rounding: Any = None
) -> Any:
    """Recognize rows of coordinates, in any order, as points of a grid.

    A line of the grid is a value that a column takes; values belong to one line if they are equal
    exactly. Scattered points share no lines and are recognized as such after sorting a column or
    two. In one dimension any points are a grid, in most cases an uneven one.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Finite.
    max_points_per_row : float, default=32
        With more grid points to a row than that there are too many holes: an image may lack 96 %
        of its pixels.
    rounding : array-like of shape (n_features,) or None, default=None
        By how much coordinates may be off, which decides whether spacing is even. None takes that
        of `coordinate_rounding`; give it if X has been shifted since.

    Returns
    -------
    Grid or None
        None if X is not a grid: too many holes; more lines than rows, as scattered points have; or
        two equal rows.

    Raises
    ------
    ValueError
        If X is no table of finite real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.grids import find_grid
    >>> from skfourier.images import pixel_grid
    >>> pixels = pixel_grid((64, 64))
    >>> find_grid(pixels[::-1]).is_full
    True
    >>> find_grid(np.random.default_rng(0).random((4096, 2))) is None
    True
    """
    X = _rows(X)
    n_samples, n_features = X.shape
    if not n_samples or not n_features or _too_many_lines(X, max_points_per_row):
        return None
    axes: list[np.ndarray] = []
    for column in X.T:
        axes.append(np.unique(column))
        # Lines beyond the first of each axis: a full grid has fewer of them than rows, points in
        # general position n_features times as many.
        n_lines = sum(len(axis) - 1 for axis in axes)
        n_points = math.prod(map(len, axes))
        if n_lines > n_samples - 1 or n_points > max_points_per_row * n_samples:
            return None
    shape = tuple(map(len, axes))
    places = [np.searchsorted(axis, column) for axis, column in zip(axes, X.T, strict=True)]
    index = np.ravel_multi_index(places, shape)
    taken = np.zeros(math.prod(shape), dtype=bool)
    taken[index] = True
    if np.count_nonzero(taken) < n_samples:
        return None
    if rounding is None:
        rounding = coordinate_rounding(X)
    return Grid(
        tuple(axis.astype(float) for axis in axes),
        index,
        tuple(map(float, np.broadcast_to(rounding, n_features))),
    )


def coordinate_rounding(X: Any) -> NDArray[Any]:
    """Return the possible rounding error of the coordinates in each column.

    Coordinates that are all exact in float16 or float32 have been rounded to it, whatever holds
    them now: a data frame, an array of another byte order, or one of float64. Whole numbers are
    exact.

    Parameters
    ----------
    X : ndarray of floats, of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_features,)
        The spacing of the narrowest such dtype at the largest value of the column.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.grids import coordinate_rounding
    >>> X = np.linspace(0, 1, 11, dtype=np.float32)[:, np.newaxis]
    >>> bool(coordinate_rounding(X.astype(np.float64))[0] == np.finfo(np.float32).eps)
    True
    """
    largest = np.abs(X).max(axis=0, initial=0)
    return np.array([_eps(column) for column in X.T]) * largest


def _eps(column):
    """Return the machine epsilon of the narrowest dtype that holds all of a column."""
    if not np.array_equal(column, np.rint(column)):
        # The pixels k / 256 are exact in float16 too, and in steps that do not shrink toward 0, as
        # those of rounded values do.
        largest = np.nextafter(np.abs(column).max(), 0)  # a power of two fits in the octave below
        steps = column / max(2.0 ** (np.frexp(largest)[1] - 11), 2.0**-24)
        rounded = () if np.array_equal(steps, np.rint(steps)) else (np.float16,)
        for dtype in (*rounded, np.float32):
            with np.errstate(over="ignore"):  # to infinity, which is another number
                if np.array_equal(column.astype(dtype), column):
                    return np.finfo(dtype).eps
    return np.finfo(column.dtype).eps


def mean_spacing(X: Any, grid: Any) -> NDArray[Any]:
    """Return the distance between neighboring rows along each axis.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        One row at least, finite.
    grid : Grid or None
        The result of `find_grid(X)`.

    Returns
    -------
    ndarray of shape (n_features,)
        That of the grid; of scattered rows :math:`L_j / n^{1/d}`, d the number of columns that are
        not constant. NaN along constant columns.

    Raises
    ------
    ValueError
        If X is no table of finite real numbers, or has no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.grids import find_grid, mean_spacing
    >>> X = np.array([[0.0, 5.0], [0.0, 7.0], [2.0, 5.0]])
    >>> mean_spacing(X, find_grid(X)), mean_spacing(X[:, :1] * [1, 0], None)
    (array([2., 2.]), array([0.66666667,        nan]))
    """
    X = _rows(X).astype(float)
    if not len(X):
        raise ValueError("X has no rows, and so no spacing. Pass one row at least.")
    extent = np.ptp(X, axis=0)
    extent = np.where(extent > 0, extent, np.nan)
    if grid is not None:
        return np.where(extent > 0, grid.spacing(), np.nan)
    return extent / len(X) ** (1 / max(1, int(np.count_nonzero(extent > 0))))


def _rows(X):
    """Return rows of coordinates as an array of floats, or raise ValueError."""
    array = np.asarray(X)
    if array.ndim != 2 or array.dtype.kind not in "biufO" or np.ma.is_masked(X):
        raise ValueError(
            f"X must be a table of numbers, a row for each sample and a column for each "
            f"coordinate, without a mask. Got {type(X).__name__} of shape {array.shape}, dtype "
            f"{array.dtype}."
        )
    try:
        array = array if array.dtype.kind == "f" else array.astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"X must hold numbers: {error}.") from error
    if not np.isfinite(array).all():
        raise ValueError("X holds NaN or infinity: drop those rows first.")
    return array


def _too_many_lines(X, max_points_per_row):
    """Tell from some of the rows that these are no grid, without sorting all of them.

    So many rows of two columns in general position already span more points than are allowed.
    """
    n_rows = math.isqrt(int(max_points_per_row * len(X))) + 1
    sample = X[:: max(1, len(X) // n_rows)]
    n_points = math.prod(len(np.unique(column)) for column in sample.T)
    return n_points > max_points_per_row * len(X)


def _mean_spacing(axis):
    return (axis[-1] - axis[0]) / (len(axis) - 1) if len(axis) > 1 else 1.0


def _even_counts(axis, rounding):
    """Count the steps of an even axis from its first point to each of its points, or None."""
    if len(axis) == 1:
        return np.zeros(1, dtype=int)
    steps = np.diff(axis)
    # Each step by itself is a whole number of the smallest: their errors do not add up.
    multiples = np.rint(steps / steps.min())
    counts = np.concatenate([[0.0], np.cumsum(multiples)])
    spacing = (axis[-1] - axis[0]) / counts[-1]
    if rounding > _COARSEST_ROUNDING * spacing:
        return None
    # Both ends may be off by the rounding, and the point itself.
    tolerance = max(_EVEN * spacing, 2 * rounding)
    off = np.abs(axis - (axis[0] + spacing * counts)).max()
    return counts.astype(int) if off <= tolerance else None
