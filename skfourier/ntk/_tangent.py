"""What a kernel, or an estimator, is in the kernel regime: a kernel matrix and a start."""

from sklearn.gaussian_process.kernels import Kernel

from skfourier.ntk._kernel_matrix import kernel_matrix


def tangent_model(kernel_or_estimator, X, tol):
    """Return the kernel matrix on X, and the function that gradient descent starts from.

    Parameters
    ----------
    kernel_or_estimator : Kernel or estimator
        With `kernel_`: see `predict_training`.
    X : ndarray of shape (n_samples, n_features)
    tol : float

    Returns
    -------
    matrix : DenseMatrix, ProductGridMatrix or EvenGridMatrix
    initial : callable or None
        Rows to the initial function there; None stands for 0.

    Raises
    ------
    ValueError
        If it is neither a kernel nor such an estimator.
    """
    kernel = getattr(kernel_or_estimator, "kernel_", kernel_or_estimator)
    if not isinstance(kernel, Kernel):
        raise ValueError(
            f"Give a kernel of scikit-learn's interface (NeuralTangentKernel, a spectrum, "
            f"features.induced_kernel()) or a fitted estimator with one. Got "
            f"{kernel_or_estimator!r}."
        )
    return kernel_matrix(kernel, X, tol), None
