"""Training in the kernel regime: predictions at any step of gradient descent, in closed form."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length

from skfourier._checks import check_squares, checked_rows, refuse_no_numbers
from skfourier.ntk._descent import Descent, check_learning_rate, loss_unit
from skfourier.ntk._tangent import tangent_model

# Predictions of all steps, their coefficients, and as much on the way there.
_ARRAYS, _MAX_BYTES = 4, 6 * 2**30
_FLOATS = [np.float64, np.float32]


@dataclass(frozen=True, repr=False)
class TrainingDynamics:
    """Outputs and losses of a training in the kernel regime, step by step.

    Parameters
    ----------
    steps : ndarray of shape () or (n_steps,)
        The steps of gradient descent, or the times of its flow, as they were asked for.
    train : ndarray of shape (*steps.shape, *y.shape)
        Predictions at the rows trained on.
    test : ndarray of shape (*steps.shape, n_test) or (*steps.shape, n_test, n_outputs), or None
        Predictions at `X_test`; None without.
    loss : ndarray of shape (*steps.shape,)
        Mean squared error at the rows trained on, over all outputs, in units of y squared.
    learning_rate : float
        As it was given.
    largest_stable_learning_rate : float
        2 / largest eigenvalue of the kernel matrix, in the units of `learning_rate`: with a larger
        one gradient descent diverges.
    method : {"dense", "kronecker", "toeplitz"}
        How functions of the kernel matrix were evaluated: one eigendecomposition of it, one for
        each axis of a grid, or polynomials of it.
    """

    steps: np.ndarray
    train: np.ndarray
    test: np.ndarray | None
    loss: np.ndarray
    learning_rate: float
    largest_stable_learning_rate: float
    method: str

    def __repr__(self):
        """Name what there is, not its numbers."""
        return (
            f"<TrainingDynamics of {self.steps.size} step(s), up to {self.steps.max():g}, "
            f"learning_rate={self.learning_rate:g}, method={self.method!r}>"
        )

    def test_loss(self, y_test: Any) -> NDArray[Any]:
        """Return the mean squared error of `test` at each step.

        Parameters
        ----------
        y_test : array-like of shape (n_test,) or (n_test, n_outputs)

        Returns
        -------
        ndarray of shape (*steps.shape,)

        Raises
        ------
        ValueError
            If there are no predictions at test rows, or y_test has another shape than they or is
            not finite; if its squares do not fit float64.
        """
        if self.test is None:
            raise ValueError("There are no predictions at test rows: predict_training with X_test.")
        y_test, expected = check_targets(y_test, "y_test"), self.test.shape[self.steps.ndim :]
        if y_test.shape != expected:
            raise ValueError(f"y_test must have shape {expected}. Got {y_test.shape}.")
        errors = np.subtract(self.test, y_test, dtype=float).reshape(*self.steps.shape, -1)
        return (errors**2).mean(axis=-1)


def predict_training(
    kernel_or_estimator: Any,
    X: Any,
    y: Any,
    X_test: Any = None,
    *,
    learning_rate: float,
    steps: Any,
    loss: str = "auto",
    continuous: bool = False,
    initial_train: Any = None,
    initial_test: Any = None,
    parametrization: str = "standard",
    tol: float = 1e-6,
) -> TrainingDynamics:
    r"""Predict a network's outputs during training, assuming a constant tangent kernel.

    .. math:: f_t(X) - y &= (1 - \eta K)^t \, (f_0(X) - y) \\
              f_t(x) &= f_0(x) + k(x, X)\, K^{-1} \left[1 - (1 - \eta K)^t\right] (y - f_0(X))

    or with ``continuous=True`` the paper's equation 2, :math:`e^{-\eta K t}` instead of
    :math:`(1 - \eta K)^t`. There is no inverse to take: the function of K is a polynomial.

    **The time axis.** One step is one step of full-batch gradient descent, of `learning_rate`
    :math:`\eta`, on the loss

    ============  =================================================  =============================
    loss          formula                                            used by
    ============  =================================================  =============================
    "half_sum"    :math:`\frac12 \sum_{ij} (f_{ij} - y_{ij})^2`      the formulas above
    "mean"        :math:`\frac1{nm} \sum_{ij} (f_{ij} - y_{ij})^2`   `CoordinateMLPRegressor`,
                                                                     `torch.nn.MSELoss`
    ============  =================================================  =============================

    for n rows and m outputs; the second is the first times 2 / (n m), so that its learning rate
    counts for 2 / (n m) times as much. The flow of time t is the limit of many small steps: t steps
    of rate :math:`\eta` follow it for small :math:`\eta`, and only the product
    :math:`\eta t` matters to it. A network starts from :math:`f_0`, its function before the
    training: that of an estimator, as it is; else 0 unless given.

    Parameters
    ----------
    kernel_or_estimator : sklearn.gaussian_process.kernels.Kernel or estimator
        The tangent kernel, all outputs alike and independent: of the infinitely wide network
        (`NeuralTangentKernel`), or of a linear model on features (their `induced_kernel()`), in the
        parametrization of the gradient descent meant. An estimator with a `kernel_` (a fitted
        `FourierKernelRegressor`) stands for that. A fitted `CoordinateMLPRegressor`, or a Pipeline
        that ends in one, stands for its own tangent kernel and function, equation 1, as it is now:
        with ``max_iter=0`` before any training, else for training that goes on. Outputs are
        coupled, as they are in a network of finite width.
    X : array-like of shape (n_samples, n_features)
        Coordinates trained on.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Values there.
    X_test : array-like of shape (n_test, n_features), default=None
        Coordinates to predict at, besides X.
    learning_rate : float
        :math:`\eta`.
    steps : int or array-like of int
        t: how many steps, once or many times; real numbers with `continuous`.
    loss : {"auto", "half_sum", "mean"}, default="auto"
        What the learning rate refers to, see above; "auto" is "mean" for a network, which trains on
        that, else "half_sum".
    continuous : bool, default=False
        Whether to follow the gradient flow instead of discrete steps.
    initial_train, initial_test : array-like, shaped as y and its like at X_test, default=None
        :math:`f_0` at X and X_test; if None that of the estimator, or 0.
    parametrization : {"standard", "ntk"}, default="standard"
        Of an estimator's kernel: see `empirical_ntk`. The estimator's gradient descent
        (``solver="sgd"``) is that of "standard".
    tol : float, default=1e-6
        Error of the predictions where they are approximated (method "toeplitz"), relative to the
        norm of y - f_0. The others are exact but for rounding, which at test rows grows as t times
        that of a float64.

    Returns
    -------
    TrainingDynamics

    Raises
    ------
    ValueError
        If the kernel is not finite, symmetric and positive semidefinite on X; if the learning rate
        is beyond the largest stable one (the message has it); if steps are negative, or not whole;
        if dense matrices or the predictions do not fit into 6 GiB; if squares of y do not fit
        float64; or if the arguments do not match.

    Notes
    -----
    A product kernel (Gaussian, Uniform, Laplace, Cauchy) on a full grid takes one
    eigendecomposition for each axis. Any other stationary kernel on an evenly spaced grid (of over
    1,024 rows), full or with holes, takes products by FFT, as many as the degree of a polynomial
    that is derived from `tol`: it grows as :math:`\sqrt t`, with 41 products for 100 steps and 432
    for 10,000 at half the largest stable learning rate. Everything else takes the
    eigendecomposition of the dense kernel matrix.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", equation 2.

    Jacot, Gabriel and Hongler, "Neural tangent kernel: convergence and generalization in neural
    networks", 2018.

    Lee et al., "Wide neural networks of any depth evolve as linear models under gradient descent",
    2019.

    Examples
    --------
    A linear model on features, trained by a loop and at once:

    >>> import numpy as np
    >>> from skfourier import FourierFeatures
    >>> from skfourier.ntk import predict_training
    >>> X = np.linspace(0, 1, 20, endpoint=False).reshape(-1, 1)
    >>> y = np.sin(2 * np.pi * X[:, 0])
    >>> features = FourierFeatures(n_frequencies=4, random_state=0).fit(X)
    >>> gamma, weights = features.transform(X), np.zeros(8)
    >>> for _ in range(50):
    ...     weights -= 0.01 * gamma.T @ (gamma @ weights - y)
    >>> at_once = predict_training(
    ...     features.induced_kernel(), X, y, learning_rate=0.01, steps=50
    ... )
    >>> np.allclose(at_once.train, gamma @ weights)
    True
    >>> at_once
    <TrainingDynamics of 1 step(s), up to 50, learning_rate=0.01, method='kronecker'>
    """
    X, y = check_coordinates(X, "X"), check_targets(y)
    check_consistent_length(X, y)
    targets = y.reshape(len(y), -1).astype(float)
    steps = _check_steps(steps, continuous)
    if X_test is not None:
        X_test = check_coordinates(X_test, "X_test", n_features=X.shape[1])
        _check_both(initial_train, initial_test)
    n_rows, n_outputs = len(X) + (0 if X_test is None else len(X_test)), targets.shape[1]
    _check_memory(steps.size * n_outputs * n_rows)
    matrix, initial = tangent_model(
        kernel_or_estimator, X, n_outputs=n_outputs, tol=tol, parametrization=parametrization
    )
    # Networks alone start from a function of their own.
    unit = loss_unit(loss, *targets.shape, is_network=initial is not None)
    stable = 2 / (unit * max(matrix.largest, np.finfo(float).tiny))
    rate = check_learning_rate(learning_rate, np.inf if continuous else stable)
    descent = Descent(rate * unit, steps.ravel().astype(float), continuous)
    start = _initial_values(initial, X, y.shape, initial_train, "initial_train")
    check_squares(targets - start, "y - f_0")
    train, test = _descend(descent, matrix, targets - start, X_test)
    train += start
    if test is not None:
        shape = (len(X_test), *y.shape[1:])
        test += _initial_values(initial, X_test, shape, initial_test, "initial_test")
    return TrainingDynamics(
        steps=steps,
        train=train.reshape(*steps.shape, *y.shape).astype(y.dtype),
        test=None if test is None else test.reshape(*steps.shape, *shape).astype(y.dtype),
        loss=((train - targets) ** 2).mean(axis=(1, 2)).reshape(steps.shape),
        learning_rate=rate,
        largest_stable_learning_rate=stable,
        method=matrix.method,
    )


def check_coordinates(X, name, n_features=None):
    """Check coordinates; float32 stays float32.

    Returns
    -------
    ndarray of shape (n_samples, n_features)

    Raises
    ------
    ValueError
    """
    X = checked_rows(X, name)
    if n_features is not None and X.shape[1] != n_features:
        raise ValueError(f"{name} must have the {n_features} columns of X. Got {X.shape[1]}.")
    return X


def check_targets(y, name="y"):
    """Check values at coordinates, shape (n_samples,) or (n_samples, n_outputs).

    Raises
    ------
    ValueError
        Also if their squares, which losses add up, overflow or lose digits.
    """
    refuse_no_numbers(y, name)
    y = check_array(y, dtype=_FLOATS, ensure_2d=False, input_name=name)
    check_squares(y, name)
    return y


def _check_steps(steps, continuous):
    steps = np.asarray(steps)
    number = steps.dtype.kind in ("fiu" if continuous else "iu")
    if not number and steps.dtype.kind == "f" and not continuous:
        number = bool(np.all(steps == np.rint(steps)))
    if not (number and steps.ndim <= 1 and steps.size and np.all(np.isfinite(steps))):
        raise ValueError(
            f"steps must be a number of steps or a list of them"
            f"{'' if continuous else ', whole unless continuous=True'}. Got {steps!r}."
        )
    if steps.min() < 0:
        raise ValueError(f"steps must not be negative. Got {steps.min()}.")
    return steps


def _check_both(initial_train, initial_test):
    if (initial_train is None) != (initial_test is None):
        raise ValueError(
            "initial_train and initial_test are values of one function, at X and at X_test: give "
            "both or none of them."
        )


def _check_memory(n_numbers):
    n_bytes = 8 * _ARRAYS * n_numbers
    if n_bytes > _MAX_BYTES:
        raise ValueError(
            f"The predictions at all rows, outputs and steps take {n_bytes * 1e-9:.1f} GB on the "
            f"way, more than the {_MAX_BYTES * 1e-9:.1f} GB that are allowed. Ask for fewer steps."
        )


def _initial_values(initial, X, shape, given, name):
    """Return f_0 at X as an array of shape (n_rows, n_outputs), given or evaluated."""
    if given is None:
        given = np.zeros(shape) if initial is None else initial(X)
    given = check_array(given, dtype=float, ensure_2d=False, input_name=name)
    if given.shape != shape:
        raise ValueError(f"{name} must have shape {shape}. Got {given.shape}.")
    return given.reshape(len(X), -1)


def _descend(descent, matrix, error, X_test):
    """Return what is learned at X and X_test: arrays of shape (n_steps, n_rows, n_outputs)."""
    scale, n_steps = matrix.largest, len(descent.steps)

    # Both are of size 1, as approximations are accurate to. The second's error moves no prediction
    # by more than the first's: |k(x, X)| <= sqrt(k(0) largest eigenvalue) <= largest eigenvalue.
    def functions(eigenvalues):
        learned = descent.learned(eigenvalues)
        if X_test is None:
            return learned
        return np.concatenate([learned, scale * descent.coefficients(eigenvalues)])

    arrays = matrix.apply(functions, matrix.scatter(error))
    train = matrix.gather(arrays[:n_steps])
    if X_test is None:
        return train, None
    return train, matrix.predict(arrays[n_steps:], X_test.astype(float)) / scale
