"""The eigenvalues of the tangent kernel, and the target's share in each: the order of learning."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length

from skfourier.ntk._descent import check_learning_rate, loss_unit
from skfourier.ntk._dynamics import check_coordinates, check_targets
from skfourier.ntk._tangent import tangent_model


@dataclass(frozen=True, repr=False)
class Eigenspectrum:
    """The components of the training, those learned first at the beginning.

    Parameters
    ----------
    eigenvalues : ndarray of shape (n_components,)
        Of the kernel matrix, in descending order.
    steps : ndarray of shape (n_components,)
        Steps of gradient descent until no more than `remaining` of a component's error is left:
        whole numbers, as floats, infinite for a component that is never learned.
    power : ndarray of shape (n_components,) or (n_components, n_outputs), or None
        Squared component of y along each eigenvector: they add up to the sum of y squared. Of a
        network's kernel, which couples its outputs, the components are those of all outputs of
        y - f_0 together, standardized as in its training. None without y.
    learning_rate : float
    largest_stable_learning_rate : float
        2 / largest eigenvalue, in the units of `learning_rate`.
    remaining : float
    """

    eigenvalues: np.ndarray
    steps: np.ndarray
    power: np.ndarray | None
    learning_rate: float
    largest_stable_learning_rate: float
    remaining: float

    def __repr__(self):
        """Name what there is, not its numbers."""
        return (
            f"<Eigenspectrum of {len(self.eigenvalues)} components, "
            f"learning_rate={self.learning_rate:g}>"
        )


def eigenspectrum(
    kernel_or_estimator: Any,
    X: Any,
    y: Any = None,
    *,
    learning_rate: float | None = None,
    loss: str = "auto",
    remaining: float = 1 / math.e,
) -> Eigenspectrum:
    r"""Predict how fast each part of a signal is learned.

    .. math:: K = Q \Lambda Q^T, \qquad
              t_i = \frac{\log r}{\log |1 - \eta \lambda_i|}, \qquad p_i = (q_i^T y)^2

    The component of the error along :math:`q_i` shrinks by :math:`1 - \eta \lambda_i` in each step
    of full-batch gradient descent (equation 2 of the paper), and is down to the share r after
    :math:`t_i` of them. Where the target's power :math:`p_i` lies in components of small
    eigenvalues, it is learned late or never: the spectral bias.

    Parameters
    ----------
    kernel_or_estimator : sklearn.gaussian_process.kernels.Kernel or estimator
        As in `predict_training`.
    X : array-like of shape (n_samples, n_features)
        Coordinates.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Values there; less those of the initial function, where it is not 0. (Those of an
        estimator are subtracted here.)
    learning_rate : float, default=None
        None takes 1 / largest eigenvalue, half of the largest stable one: the fastest at which no
        component overshoots. (At the largest stable one itself the first component changes its sign
        in each step, and is never learned.)
    loss : {"auto", "half_sum", "mean"}, default="auto"
        What the learning rate refers to, as in `predict_training`; the mean asks for y, whose
        number of outputs counts.
    remaining : float, default=1/e
        r, the share of its error that is left when a component counts as learned.

    Returns
    -------
    Eigenspectrum

    Raises
    ------
    ValueError
        If the kernel is not positive semidefinite on X; if the learning rate is beyond the largest
        stable one; if a dense matrix is needed and takes more than 6 GiB; if squares of y do not
        fit float64; or if the arguments do not match.

    Notes
    -----
    A product kernel on a full grid takes one eigendecomposition for each axis, everything else that
    of the dense matrix.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", section 2.1.

    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020, section 3.

    Examples
    --------
    A small sigma learns the coarse part of a sawtooth in a hundred steps, a larger one nearly all:

    >>> import numpy as np
    >>> from skfourier.ntk import eigenspectrum
    >>> from skfourier.spectra import Gaussian
    >>> X = np.linspace(0, 1, 64, endpoint=False).reshape(-1, 1)
    >>> y = (4 * X[:, 0]) % 1 - 0.5
    >>> for sigma in (1, 3, 10):
    ...     spectrum = eigenspectrum(Gaussian(sigma), X, y)
    ...     soon = spectrum.steps <= 100
    ...     print(sigma, soon.sum(), round(spectrum.power[soon].sum() / np.sum(y**2), 2))
    1 7 0.21
    3 19 0.83
    10 64 1.0
    """
    X, n_outputs = check_coordinates(X, "X"), None
    if y is not None:
        y = check_targets(y)
        check_consistent_length(X, y)
        n_outputs = y.reshape(len(y), -1).shape[1]
    if not 0 < remaining < 1:
        raise ValueError(f"remaining must lie between 0 and 1. Got {remaining!r}.")
    model, initial = tangent_model(kernel_or_estimator, X, n_outputs=n_outputs, tol=None)
    if n_outputs is None and (loss == "mean" or (loss == "auto" and initial is not None)):
        raise ValueError(
            "The mean squared error depends on the number of outputs: pass y, or loss='half_sum'."
        )
    unit = loss_unit(loss, len(X), n_outputs, is_network=initial is not None)
    if y is not None and initial is not None:
        y = y - initial(X).reshape(y.shape)
    order = np.argsort(model.eigenvalues)[::-1]
    eigenvalues = model.eigenvalues[order]
    stable = 2 / (unit * max(model.largest, np.finfo(float).tiny))
    rate = stable / 2 if learning_rate is None else check_learning_rate(learning_rate, stable)
    return Eigenspectrum(
        eigenvalues=eigenvalues,
        steps=_steps(rate * unit * eigenvalues, remaining),
        power=None if y is None else _power(model, y)[order],
        learning_rate=rate,
        largest_stable_learning_rate=stable,
        remaining=float(remaining),
    )


def _steps(x, remaining):
    """Count the steps until |1 - x|^t is at most `remaining`."""
    with np.errstate(divide="ignore", over="ignore"):  # log 0: learned in one step; or never
        decay = np.where(x < 1, np.log1p(-np.minimum(x, 1)), np.log(np.abs(1 - x)))
        never = np.full_like(x, np.inf)
        steps = np.divide(math.log(remaining), decay, out=never, where=decay < 0)
    return np.maximum(np.ceil(steps), 1)


def _power(model, y):
    components = model.forward(model.scatter(y.reshape(len(y), -1).astype(float)))
    power = (components**2).T
    return power[:, 0] if y.ndim == 1 or power.shape[1] == 1 < y.shape[1] else power
