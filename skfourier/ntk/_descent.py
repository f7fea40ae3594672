"""Full-batch gradient descent in the kernel regime, as functions of an eigenvalue."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from skfourier._checks import known_name

LOSSES = ("auto", "half_sum", "mean")
# Beyond the largest stable rate by rounding of that.
_BEYOND = 1 + 1e-8

# Below it 1 - (1 - x)^t would lose digits that expm1 and log1p keep.
_SMALL = 0.5


@dataclass(frozen=True)
class Descent:
    r"""Steps of rate :math:`\eta` down :math:`\frac12 \sum_i \lVert f(x_i) - y_i \rVert^2`.

    The component of the error along an eigenvector of the kernel matrix, of eigenvalue
    :math:`\lambda`, is multiplied by :math:`1 - \eta \lambda` in each step, or in time
    :math:`t` of the gradient flow by :math:`e^{-\eta \lambda t}`.

    Parameters
    ----------
    learning_rate : float
    steps : ndarray of shape (n_steps,)
        t, as floats.
    continuous : bool
        Whether the flow is meant.
    """

    learning_rate: float
    steps: np.ndarray
    continuous: bool

    def learned(self, eigenvalues):
        r"""Return :math:`1 - (1 - \eta \lambda)^t`: the share of each component that is learned.

        Parameters
        ----------
        eigenvalues : ndarray of shape (n,)
            Not negative.

        Returns
        -------
        ndarray of shape (n_steps, n)
        """
        x, steps = self.learning_rate * eigenvalues, self.steps[:, None]
        if self.continuous:
            return -np.expm1(-steps * x)
        small = x < _SMALL
        learned = np.empty((len(steps), len(x)))
        learned[:, small] = -np.expm1(steps * np.log1p(-x[small]))
        learned[:, ~small] = 1 - (1 - x[~small]) ** steps
        return learned

    def coefficients(self, eigenvalues):
        r"""Return :math:`(1 - (1 - \eta \lambda)^t) / \lambda`; :math:`\eta t` where it is 0.

        The coefficients c of :math:`f_t = f_0 + \sum_i k(\cdot, x_i)\, c_i` are this function of
        the kernel matrix, applied to :math:`y - f_0`: no inverse is taken.

        Returns
        -------
        ndarray of shape (n_steps, n)
        """
        at_zero = np.broadcast_to(
            (self.learning_rate * self.steps)[:, None], (len(self.steps), len(eigenvalues))
        )
        # A number whose inverse overflows is 0 here.
        positive = np.broadcast_to(eigenvalues > np.finfo(float).tiny, at_zero.shape)
        return np.divide(self.learned(eigenvalues), eigenvalues, out=at_zero.copy(), where=positive)


def loss_unit(loss, n_samples, n_outputs, *, is_network=False):
    r"""Return what a learning rate counts for: as a multiple of one for the half sum of squares.

    Parameters
    ----------
    loss : {"auto", "half_sum", "mean"}
    n_samples, n_outputs : int
    is_network : bool, default=False
        Whether "auto" is "mean", which networks train on, or else "half_sum".

    Returns
    -------
    float
        1, or 2 / (n_samples n_outputs).

    Raises
    ------
    ValueError
        If the loss is unknown.
    """
    is_mean = known_name(loss, LOSSES, "loss") == "mean" or (loss == "auto" and is_network)
    return 2 / (n_samples * n_outputs) if is_mean else 1.0


def check_learning_rate(learning_rate, largest_stable):
    """Return the learning rate as a float; refuse what is not positive, finite and stable.

    Parameters
    ----------
    learning_rate : float
    largest_stable : float
        Infinite for the flow.

    Raises
    ------
    ValueError
    """
    if not (isinstance(learning_rate, Real) and 0 < float(learning_rate) < np.inf):
        raise ValueError(f"learning_rate must be a positive finite number. Got {learning_rate!r}.")
    learning_rate = float(learning_rate)
    if learning_rate > largest_stable * _BEYOND:
        raise ValueError(
            f"Gradient descent diverges with learning_rate={learning_rate:g}: the largest stable "
            f"one is 2 / largest eigenvalue, {largest_stable:.6g} for this loss. Take that or less "
            f"(half of it is the fastest without overshooting), or the flow, which has no such "
            f"bound (continuous=True)."
        )
    return learning_rate
