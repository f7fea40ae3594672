"""The weighted mean and variation of targets, which add up over blocks of rows."""

import math
from dataclasses import dataclass, replace

import numpy as np

from skfourier._units import powers_of_two

# Of the mean: below it deviations are what rounding makes of constant targets.
_CONSTANT = 10 * np.finfo(float).eps
# Of the variation: what a trend leaves of targets that it explains, by rounding.
_EXPLAINED = 1e-13
# The squares of smaller numbers lose digits.
_SMALLEST = math.sqrt(np.finfo(float).tiny / np.finfo(float).eps)
# Means of weights that may be numbers of rows.
_ORDINARY_WEIGHTS = 0.01, 100.0
# Targets that are all smaller get another unit: then weights may be small too.
_TINY = 1e-100


def unit_of(y):
    """Return a unit for each column of y, in which squares keep their digits.

    Targets below 1e-100 get a power of two near the largest, so that dividing by it is exact; all
    others 1.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_outputs)

    Returns
    -------
    ndarray of shape (n_outputs,)
    """
    largest = np.abs(y).max(axis=0, initial=0)
    return np.where(largest < _TINY, powers_of_two(y, axis=0), 1.0)


@dataclass(frozen=True, eq=False)
class TargetMoments:
    r"""The moments of targets of shape (n_samples, n_outputs).

    The sum of squares is taken about the mean, and moves with it when blocks are added: targets
    far from zero lose no digits.

    Parameters
    ----------
    n_rows : int
    weight_sum : float
    log_weight_sum : float
        Sum of the logarithms of the weights.
    mean : ndarray of shape (n_outputs,)
        Weighted.
    variation : ndarray of shape (n_outputs,)
        :math:`\sum_j w_j (y_j - \bar y)^2`.
    products : ndarray of shape (n_outputs, n_trend)
        :math:`\sum_j w_j (y_j - \bar y) h_j^T` with the last outputs h, the functions of a trend,
        the constant 1 first. Their mean is not taken away, and counts as 0.

    References
    ----------
    Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances", 1979.
    """

    n_rows: int
    weight_sum: float
    log_weight_sum: float
    mean: np.ndarray
    variation: np.ndarray
    products: np.ndarray

    @classmethod
    def of(cls, y, weight, n_trend=0):
        """Take the moments of these rows; there may be none.

        The last `n_trend` columns of y are the functions of a trend.

        Raises
        ------
        ValueError
            If an output varies so little that the squares of its differences lose digits.
        """
        mean, variation = np.zeros(y.shape[1]), np.zeros(y.shape[1])
        products = np.zeros((y.shape[1], n_trend))
        with np.errstate(over="ignore", invalid="ignore"):  # the regressor says what to do
            weight_sum = float(weight.sum(dtype=float))
            # Column by column: along the rows of a narrow array NumPy takes ten times as long.
            for j, column in enumerate(y.T) if weight_sum > 0 else ():
                if j < y.shape[1] - n_trend:
                    mean[j] = np.dot(weight, column) / weight_sum
                differences = column - mean[j]
                _check_resolved(np.abs(differences).max())
                variation[j] = np.dot(weight, np.square(differences))
            if n_trend:
                products += (y - mean).T @ (weight[:, None] * y[:, -n_trend:])
        return cls(len(y), weight_sum, float(np.log(weight).sum()), mean, variation, products)

    def state(self):
        """Return what files hold."""
        state = dict(vars(self))
        if not self.n_trend:
            del state["products"]
        return state

    @classmethod
    def from_state(cls, state):
        """Rebuild the moments from `state`."""
        mean = state.array("mean", (None,))
        moments = cls(
            state.count("n_rows", least=1),
            state.number("weight_sum"),
            state.number("log_weight_sum"),
            mean,
            state.array("variation", mean.shape),
            state.array("products", (len(mean), None)) if "products" in state else _none(mean),
        )
        state.finish()
        if not 0 < moments.weight_sum < np.inf or moments.variation.min(initial=0) < 0:
            raise ValueError(f"{state.owner} are those of no rows")
        return moments

    def __add__(self, other):
        """Return the moments of both sets of rows."""
        weight_sum = self.weight_sum + other.weight_sum
        share = other.weight_sum / weight_sum if weight_sum else 0.0
        step, n_trend = other.mean - self.mean, self.n_trend
        with np.errstate(over="ignore", invalid="ignore"):
            between = self.weight_sum * share * np.square(step)
        products = self.products + other.products
        if n_trend:  # the mean has moved, and the constant's row has the sums of the trend
            ones = len(self.mean) - n_trend
            moved = share * self.products[ones] - (1 - share) * other.products[ones]
            products = products - np.outer(step, moved)
        return TargetMoments(
            self.n_rows + other.n_rows,
            weight_sum,
            self.log_weight_sum + other.log_weight_sum,
            self.mean + share * step,
            self.variation + other.variation + between,
            products,
        )

    @property
    def weight_unit(self):
        """The unit of a guess at alpha: the mean weight, but 1 where that is of ordinary size.

        So rows that are weighted by their number are searched as repeated ones are.
        """
        mean, (low, high) = self.weight_sum / self.n_rows, _ORDINARY_WEIGHTS
        return 1.0 if low <= mean <= high else mean

    @property
    def n_trend(self):
        """Number of outputs that are the functions of a trend, the last ones."""
        return self.products.shape[1]

    def about_trend(self):
        """Return the moments of the others, with variations about the trend of least squares."""
        n_outputs = len(self.mean) - self.n_trend
        ours, gram = self.products[:n_outputs], self.products[n_outputs:]
        explained = np.sum(ours * np.linalg.solve(gram, ours.T).T, axis=1)
        variation = self.variation[:n_outputs] - explained
        variation = np.where(variation > _EXPLAINED * self.variation[:n_outputs], variation, 0.0)
        mean = self.mean[:n_outputs]
        return replace(self, mean=mean, variation=variation, products=_none(mean))

    @property
    def scale(self):
        """Deviation of each output, about the trend if there is one; 1 where it is constant."""
        if self.n_trend:
            of_trend = np.sqrt(self.variation[-self.n_trend :] / self.weight_sum)
            return np.append(self.about_trend().scale, of_trend)
        return np.where(self.varies, np.sqrt(self.variation / self.weight_sum), 1.0)

    @property
    def varies(self):
        """Mask of the outputs that vary beyond rounding (or the trend), shape (n_outputs,)."""
        if self.n_trend:
            return np.append(self.about_trend().varies, np.ones(self.n_trend, dtype=bool))
        deviation = np.sqrt(self.variation / self.weight_sum)
        return deviation > _CONSTANT * np.abs(self.mean)

    @property
    def informative(self):
        """Mask of the outputs that inform the choice of a kernel: those that vary, or all."""
        if self.n_trend:
            return np.append(self.about_trend().informative, np.ones(self.n_trend, dtype=bool))
        return self.varies if self.varies.any() else np.ones_like(self.varies)


def _none(mean):
    """Return the products without a trend."""
    return np.zeros((len(mean), 0))


def _check_resolved(largest):
    if 0 < largest < _SMALLEST:
        raise ValueError(
            f"y varies by {largest:.1e} only, and squares of such numbers lose digits in float64. "
            f"Scale y to an ordinary size, and the predictions back."
        )
