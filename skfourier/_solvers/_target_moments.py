"""The weighted mean and variation of targets, which add up over blocks of rows."""

import math
from dataclasses import dataclass

import numpy as np

# Of the mean: below it deviations are what rounding makes of constant targets.
_CONSTANT = 10 * np.finfo(float).eps
# The squares of smaller numbers lose digits.
_SMALLEST = math.sqrt(np.finfo(float).tiny / np.finfo(float).eps)


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

    @classmethod
    def of(cls, y, weight):
        """Take the moments of these rows; there may be none.

        Raises
        ------
        ValueError
            If an output varies so little that the squares of its differences lose digits.
        """
        weight_sum = float(weight.sum(dtype=float))
        mean, variation = np.zeros(y.shape[1]), np.zeros(y.shape[1])
        if weight_sum > 0:
            # Column by column: along the rows of a narrow array NumPy takes ten times as long.
            for j, column in enumerate(y.T):
                mean[j] = np.dot(weight, column) / weight_sum
                differences = column - mean[j]
                _check_resolved(np.abs(differences).max())
                with np.errstate(over="ignore"):  # the regressor says what to do
                    variation[j] = np.dot(weight, np.square(differences))
        return cls(len(y), weight_sum, float(np.log(weight).sum()), mean, variation)

    def state(self):
        """Return what files hold."""
        return dict(vars(self))

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
        )
        state.finish()
        if not 0 < moments.weight_sum < np.inf or moments.variation.min(initial=0) < 0:
            raise ValueError(f"{state.owner} are those of no rows")
        return moments

    def __add__(self, other):
        """Return the moments of both sets of rows."""
        weight_sum = self.weight_sum + other.weight_sum
        share = other.weight_sum / weight_sum if weight_sum else 0.0
        step = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            between = self.weight_sum * share * np.square(step)
        return TargetMoments(
            self.n_rows + other.n_rows,
            weight_sum,
            self.log_weight_sum + other.log_weight_sum,
            self.mean + share * step,
            self.variation + other.variation + between,
        )

    @property
    def scale(self):
        """Deviation of each output; 1 where it is constant."""
        return np.where(self.varies, np.sqrt(self.variation / self.weight_sum), 1.0)

    @property
    def varies(self):
        """Which outputs are not constant but for rounding, shape (n_outputs,)."""
        deviation = np.sqrt(self.variation / self.weight_sum)
        return deviation > _CONSTANT * np.abs(self.mean)

    @property
    def informative(self):
        """Which outputs say something about a kernel: those that vary; all, if none does."""
        return self.varies if self.varies.any() else np.ones_like(self.varies)


def _check_resolved(largest):
    if 0 < largest < _SMALLEST:
        raise ValueError(
            f"y varies by {largest:.1e} only, and squares of such numbers lose digits in float64. "
            f"Scale y to an ordinary size, and the predictions back."
        )
