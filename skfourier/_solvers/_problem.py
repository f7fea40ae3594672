"""The problem of kernel regression: a kernel, rows, their targets and weights, and the noise."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from skfourier._solvers._box import box_of
from skfourier._solvers._target_moments import TargetMoments, unit_of
from skfourier._solvers._trend import TrendBasis, n_functions, with_trend
from skfourier.grids import MAX_POINTS_PER_ROW, Grid, coordinate_rounding, find_grid

# Approximations are laid out for so large a sum of weights where a domain says that more rows may
# come.
_WEIGHT_TO_COME = 1e9


@dataclass(frozen=True, eq=False)
class Problem:
    r"""Kernel regression of targets about their mean, :math:`(K + \alpha W^{-1})\, c = y - \bar y`.

    Parameters
    ----------
    kernel : Kernel
        Stationary, k(0) = 1, with `evaluate(lag)`.
    X : ndarray of shape (n_samples, n_features)
        float64, less the origin. There are no rows where they are not kept.
    y : ndarray of shape (n_samples, n_outputs)
        In units of `unit`; the last columns are the functions of the trend, if there is one.
    weight : ndarray of shape (n_samples,)
        Positive. A row of weight 2 counts as two equal rows.
    alpha : float
        Variance of the noise of a row of weight 1, in units of k(0).
    moments : TargetMoments
        Of y.
    grid : Grid or None
        The result of `find_grid(X)`.
    origin : ndarray of shape (n_features,)
        The lower corner of the box: what has been subtracted from the user's coordinates, so that
        differences of coordinates keep their digits.
    extent : ndarray of shape (n_features,)
        Of the box that holds all rows, including rows that are added later.
    total_weight : float
        Sum of the weights of all rows, including rows that are added later.
    trend : TrendBasis or None, default=None
    unit : ndarray of shape (n_outputs,) or float, default=1.0
        Of the targets, in the user's: see `unit_of`.
    """

    kernel: Kernel
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    alpha: float
    moments: TargetMoments
    grid: Grid | None
    origin: np.ndarray
    extent: np.ndarray
    total_weight: float
    trend: TrendBasis | None = None
    unit: np.ndarray | float = 1.0

    @classmethod
    def of(cls, kernel, X, y, weight=None, *, alpha, domain=None, trend=None):
        """Describe a problem by its rows.

        Parameters
        ----------
        kernel, alpha, trend
            As above.
        X : ndarray of shape (n_samples, n_features)
            In the user's coordinates, float64 or float32.
        y : ndarray of shape (n_samples, n_outputs)
            In the user's units, without the functions of the trend.
        weight : ndarray of shape (n_samples,) or None, default=None
            None stands for ones.
        domain : (low, high) or None, default=None
            Box of all rows to come. None for the bounding box of X: no other rows are added.
        """
        weight = np.broadcast_to(1.0, len(X)) if weight is None else weight
        low, high = box_of(X) if domain is None else domain
        unit = unit_of(y)
        y = with_trend(y if np.all(unit == 1) else y / unit, X, trend)
        moments = TargetMoments.of(y, weight, n_functions(trend))
        rounding = coordinate_rounding(X)
        X = X - low
        return cls(
            kernel=kernel,
            X=X,
            y=y,
            weight=weight,
            alpha=float(alpha),
            moments=moments,
            grid=find_grid(X, rounding=rounding),
            origin=low,
            extent=high - low,
            total_weight=moments.weight_sum if domain is None else _WEIGHT_TO_COME,
            trend=trend,
            unit=unit,
        )

    def with_alpha(self, alpha):
        """Return the same problem with another noise."""
        return replace(self, alpha=float(alpha))

    def of_weight(self, weight_sum, *, more_to_come):
        """Return a problem without rows that knows what those in blocks elsewhere weigh."""
        return replace(
            self,
            moments=replace(self.moments, weight_sum=weight_sum),
            total_weight=_WEIGHT_TO_COME if more_to_come else weight_sum,
        )

    def without_rows(self):
        """Return the same problem with nothing kept of its rows."""
        return replace(self, X=self.X[:0], y=self.y[:0], weight=self.weight[:0], grid=None)

    def state(self):
        """Return what files hold beside the kernel: the rows only where they are kept."""
        state = {
            "alpha": self.alpha,
            "origin": self.origin,
            "extent": self.extent,
            "total_weight": float(self.total_weight),
            "moments": self.moments.state(),
        }
        if self.trend is not None:
            state["trend"] = self.trend.state()
        if np.any(self.unit != 1):
            state["unit"] = self.unit
        if len(self.X):
            state["y"] = self.y
            state |= {"X": self.X} if self.grid is None else _grid_state(self.grid)
            if np.any(self.weight != 1):
                state["weight"] = self.weight
        return state

    @classmethod
    def from_state(cls, kernel, state):
        """Rebuild a problem from its kernel and `state`.

        Raises
        ------
        ValueError
            If the parts do not belong together.
        """
        moments = TargetMoments.from_state(state.part("moments"))
        origin, n_outputs = state.array("origin", (None,)), len(moments.mean)
        X, grid = _rows_from_state(state, len(origin))
        trend = (
            TrendBasis.from_state(state.part("trend"), len(origin)) if "trend" in state else None
        )
        if n_functions(trend) != moments.n_trend:
            raise ValueError(f"the moments of {state.owner} are not those of its trend")
        y = state.array("y", (moments.n_rows, n_outputs)) if len(X) else np.empty((0, n_outputs))
        unit = np.ones(n_outputs - moments.n_trend)
        if "unit" in state:
            unit = state.array("unit", unit.shape)
        weight = np.broadcast_to(1.0, len(X))
        if "weight" in state:
            weight = state.array("weight", (len(X),))
        problem = cls(
            kernel=kernel,
            X=X,
            y=y,
            weight=weight,
            alpha=state.number("alpha"),
            moments=moments,
            grid=grid,
            origin=origin,
            extent=state.array("extent", origin.shape),
            total_weight=state.number("total_weight"),
            trend=trend,
            unit=unit,
        )
        state.finish()
        if not 0 < problem.alpha < np.inf or len(X) not in (0, moments.n_rows):
            raise ValueError(f"{state.owner} contradicts itself")
        positive = np.concatenate([weight, unit])
        if positive.min(initial=1) <= 0 or problem.extent.min(initial=0) < 0:
            raise ValueError(f"weights, units or extents of {state.owner} are negative")
        return problem

    @property
    def centered(self):
        """The targets less their weighted mean."""
        return self.y - self.moments.mean

    @property
    def relative_unit(self):
        """The units of the targets over the largest of them, 1 of the trend's: for sums of both."""
        unit = np.broadcast_to(self.unit, self.y.shape[1] - self.moments.n_trend)
        return np.append(unit / unit.max(initial=0), np.ones(self.moments.n_trend))

    @property
    def noise(self):
        r"""Variance of the noise of each row, :math:`\alpha / w`."""
        return self.alpha / self.weight

    @property
    def equally_weighted(self):
        """Whether all weights are the same number."""
        return bool(self.weight.min() == self.weight.max())


def _grid_state(grid):
    """Return what files hold of a grid and its rows: places take fewer bytes than coordinates."""
    return {
        "shape": grid.shape,
        "axes": np.concatenate(grid.axes),
        "rounding": np.array(grid.rounding),
        "index": grid.index.astype(np.min_scalar_type(grid.n_points)),
    }


def _rows_from_state(state, n_features):
    """Rebuild rows, none where the file holds their sums, and their grid, None without one."""
    if "index" in state:
        return _grid_from_state(state, n_features)
    if "X" in state:
        return state.array("X", (None, n_features)), None
    return np.empty((0, n_features)), None


def _grid_from_state(state, n_features):
    """Rebuild rows and their grid: coordinates along an axis are equal exactly."""
    shape = state.counts("shape", n_features, least=1)
    axes = np.split(state.array("axes", (sum(shape),)), np.cumsum(shape)[:-1])
    rounding = state.array("rounding", (n_features,))
    index = state.array("index", (None,), np.uint8, np.uint16, np.uint32, np.uint64)
    grid = Grid(tuple(axes), index.astype(np.int64), tuple(rounding.tolist()))
    if any(np.any(np.diff(axis) <= 0) for axis in axes):
        raise ValueError(f"the axes of {state.owner} do not increase")
    if not (len(index) and grid.n_points <= MAX_POINTS_PER_ROW * len(index)):
        raise ValueError(f"the grid of {state.owner} has {grid.n_points} points")
    if index.max() >= grid.n_points or len(np.unique(index)) < len(index):
        raise ValueError(f"rows of {state.owner} have no place of their own in its grid")
    places = np.unravel_index(grid.index, shape)
    X = np.stack([axis[place] for axis, place in zip(axes, places, strict=True)], axis=1)
    return X, grid
