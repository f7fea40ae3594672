"""The largest likelihood, by Fisher scoring over the parameters of a kernel and the noise."""

from dataclasses import dataclass

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from skfourier._kernel_regressor_cv._scale_likelihood import Fit

# Step of the numerical derivatives, of logarithms.
_STEP = 1e-4
# No parameter changes by more than this factor at once: e^2.
_LONGEST_STEP = 2.0
_MAX_ITERATIONS = 15
# Gains of the log likelihood that are not worth another iteration.
_SMALL_GAIN = 0.03
_MAX_DAMPING = 1e8
# Steps that gain less of what a parabola promises are too long.
_SOUND_SHARE = 0.5
# scikit-learn's default bounds, and by what factor a parameter may change instead.
_NO_OPINION, _FREEDOM = (1e-5, 1e5), 1e3


@dataclass(frozen=True, eq=False)
class Candidate:
    """A kernel and the noise, with their fit.

    Parameters
    ----------
    kernel : Kernel
        k(0) = 1.
    alpha : float
    fit : Fit
    parameters : (Parameters, ndarray)
        What they are made of, to climb on from.
    """

    kernel: Kernel
    alpha: float
    fit: Fit
    parameters: tuple


class Parameters:
    """The logarithms of a kernel's parameters and of alpha, as one vector within bounds.

    scikit-learn's default bounds of a kernel's parameters, 1e-5 and 1e5, know nothing of the units
    of X: where they stand, a thousandth and a thousand times the first value do instead.

    Parameters
    ----------
    kernel : Kernel
        With the first values of its parameters.
    n_features : int
    alphas : (float, float)
        Bounds of alpha.
    """

    def __init__(self, kernel, n_features, alphas):
        self.kernel, self.n_features = kernel, n_features
        own = kernel.bounds.reshape(-1, 2)
        free = np.all(np.isclose(own, np.log(_NO_OPINION)), axis=1)[:, None]
        around = kernel.theta[:, None] + np.log([1 / _FREEDOM, _FREEDOM])
        self.bounds = np.vstack([np.where(free, around, own), np.log(alphas)])

    def first(self, alpha):
        """Return the vector of the first values and alpha."""
        return self.within(np.append(self.kernel.theta, np.log(alpha)))

    def within(self, vector):
        """Move a vector within the bounds."""
        return np.clip(vector, *self.bounds.T)

    def candidate(self, vector, likelihood):
        """Return the kernel and alpha of a vector, with their fit."""
        kernel = self.kernel.clone_with_theta(vector[:-1]).normalized(self.n_features)
        alpha = float(np.exp(vector[-1]))
        return Candidate(kernel, alpha, likelihood.at(kernel, alpha), (self, vector))


def largest_likelihood(likelihood, parameters, start, to_beat=-np.inf):
    """Climb to the largest likelihood, a Levenberg-Marquardt iteration with Fisher's information.

    Parameters
    ----------
    likelihood : ScaleLikelihood
    parameters : Parameters
    start : ndarray of shape (n_parameters,)
    to_beat : float, default=-inf
        A likelihood. What would not reach it, gaining as much in every iteration left, ends early.

    Returns
    -------
    Candidate

    Raises
    ------
    LinAlgError
        If the matrices of the start are singular.
    """
    vector = parameters.within(start)
    best, damping = parameters.candidate(vector, likelihood), 1e-3
    for left in reversed(range(_MAX_ITERATIONS)):
        slope, information = best.fit.slope_and_information(
            [_step(parameters, likelihood, vector, j) for j in range(len(vector))]
        )
        after, better, damping = _climb(likelihood, best, slope, information, damping)
        if better is None:
            break
        gain, expected = better.fit.value - best.fit.value, 0.5 * slope @ (after - vector)
        vector, best = after, better
        if gain < _SMALL_GAIN or better.fit.value + left * gain < to_beat:
            break
        damping = damping / 10 if gain > _SOUND_SHARE * expected else 10 * damping
    return best


def _step(parameters, likelihood, vector, place):
    """Return the fit a small step away along one parameter, inwards, and the step."""
    middle = parameters.bounds[place].mean()
    step = _STEP if vector[place] <= middle else -_STEP
    moved = vector.copy()
    moved[place] += step
    return parameters.candidate(moved, likelihood).fit, step


def _climb(likelihood, best, slope, information, damping):
    """Shorten the step until the likelihood rises; None where it does not."""
    parameters, vector = best.parameters
    diagonal = np.diag(information) + np.finfo(float).tiny
    while damping < _MAX_DAMPING:
        damped = information + damping * np.diag(diagonal)
        step = np.linalg.lstsq(damped, slope, rcond=None)[0]
        after = parameters.within(vector + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP))
        try:
            better = parameters.candidate(after, likelihood)
        except np.linalg.LinAlgError:
            better = None
        if better is not None and better.fit.value > best.fit.value:
            return after, better, damping
        damping = max(10 * damping, 1e-2)
    return vector, None, damping
