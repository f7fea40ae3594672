"""Conversion of the parameter `kernel`, in all its forms, to a kernel of this library."""

from typing import Any

from skfourier.kernels._wide_network_kernels import WideNetworkKernel
from skfourier.spectra import as_spectrum


def as_kernel(kernel: Any) -> Any:
    """Convert a parameter `kernel` to a stationary kernel.

    Parameters
    ----------
    kernel : str or sklearn.gaussian_process.kernels.Kernel
        What `skfourier.spectra.as_spectrum` takes (a name, a spectrum, sums and multiples of
        spectra, scikit-learn's `RBF` and `Matern`), or a `NeuralTangentKernel` or `NNGPKernel`
        with a base.

    Returns
    -------
    Spectrum, NeuralTangentKernel or NNGPKernel
        With `evaluate`, `scaled`, `normalized`, `marginal` and `scales`.

    Raises
    ------
    ValueError
        If the name is unknown, or it is none of these.

    Examples
    --------
    >>> from skfourier.kernels import NeuralTangentKernel, as_kernel
    >>> from skfourier.spectra import Gaussian
    >>> as_kernel("matern")
    Matern()
    >>> kernel = as_kernel(NeuralTangentKernel(3, base=Gaussian(10)))
    >>> kernel.normalized(n_features=1).evaluate([[0.0], [0.02]]).round(4)
    array([1.    , 0.4128])
    """
    if isinstance(kernel, WideNetworkKernel):
        if kernel.base is None:
            raise ValueError(
                f"kernel must be stationary, and a network's is stationary only with a base "
                f"(base=Gaussian(10)). Got {kernel!r}."
            )
        return kernel
    try:
        return as_spectrum(kernel, parameter="kernel")
    except ValueError as error:
        if isinstance(kernel, str):
            raise
        raise ValueError(
            f"{error} NeuralTangentKernel and NNGPKernel with a base are accepted too, but not in "
            f"sums."
        ) from None
