"""A kernel or a network in the kernel regime: a kernel matrix and initial outputs."""

import numpy as np
from sklearn.gaussian_process.kernels import Kernel

from skfourier.ntk._kernel_matrix import (
    CoupledMatrix,
    check_fits,
    dense_functions,
    kernel_functions,
)


def tangent_model(kernel_or_estimator, X, *, n_outputs, tol, parametrization="standard"):
    """Return the kernel matrix on X, and the function that gradient descent starts from.

    Parameters
    ----------
    kernel_or_estimator : Kernel or estimator
        See `predict_training`.
    X : ndarray of shape (n_samples, n_features)
    n_outputs : int or None
        Of y; None where there is none.
    tol : float or None
        See `kernel_functions`.
    parametrization : {"standard", "ntk"}, default="standard"
        Of a network.

    Returns
    -------
    matrix : MatrixFunctions
    initial : callable or None
        Rows to the initial function there; None stands for 0.

    Raises
    ------
    ValueError
        If it is neither a kernel nor such an estimator; if the dense matrices do not fit.
    """
    kernel = getattr(kernel_or_estimator, "kernel_", kernel_or_estimator)
    if isinstance(kernel, Kernel):
        return kernel_functions(kernel, X, tol), None
    if isinstance(kernel_or_estimator, str) or not hasattr(kernel_or_estimator, "predict"):
        raise ValueError(
            f"Give a kernel of scikit-learn's interface (NeuralTangentKernel, a spectrum, "
            f"features.induced_kernel()), a fitted CoordinateMLPRegressor, or a fitted estimator "
            f"with a kernel_. Got {kernel_or_estimator!r}."
        )
    return _network_matrix(kernel_or_estimator, X, n_outputs, parametrization)


def _network_matrix(estimator, X, n_outputs, parametrization):
    """Return the tangent kernel of a network's standardized outputs, all pairs of them."""
    from skfourier.ntk._empirical import (  # noqa: PLC0415 (it loads torch)
        empirical_ntk,
        network_and_coordinates,
    )

    scale = network_and_coordinates(estimator, X)[0].scaling.scale.cpu().numpy()
    if n_outputs not in (None, len(scale)):
        raise ValueError(
            f"y must have the {len(scale)} outputs that the network was fitted with. Got "
            f"{n_outputs}."
        )
    check_fits(len(X) * len(scale))

    def kernel(rows, columns=None):
        pairs = empirical_ntk(
            estimator, rows, columns, parametrization=parametrization, outputs="full"
        )
        return pairs.transpose(0, 2, 1, 3).reshape(len(rows) * len(scale), -1)

    matrix = dense_functions(CoupledMatrix(kernel, X, scale), kernel(X))
    return matrix, lambda rows: np.asarray(estimator.predict(rows), dtype=float)
