"""Spectra: distributions of frequencies, each with its kernel and its density.

By Bochner's theorem a stationary kernel is a distribution of frequencies. Sampled, it gives
Fourier features; its expectation is the kernel in closed form. Every class here is a kernel of
scikit-learn's Gaussian processes too, and goes into `GaussianProcessRegressor` and `KernelRidge`.
Sums of spectra and their multiples by positive numbers are spectra.
"""

import inspect
from functools import partial

from skfourier._checks import known_name
from skfourier.spectra._conversion import from_scikit_learn
from skfourier.spectra._finite import Basic, Frequencies, Positional
from skfourier.spectra._finite import FiniteSpectrum as FiniteSpectrum
from skfourier.spectra._isotropic import Gaussian, Matern
from skfourier.spectra._isotropic import IsotropicSpectrum as IsotropicSpectrum
from skfourier.spectra._periodic import Periodic
from skfourier.spectra._product import Cauchy, Laplace, Uniform
from skfourier.spectra._product import ProductSpectrum as ProductSpectrum
from skfourier.spectra._spectrum import Spectrum as Spectrum
from skfourier.spectra._spectrum import SpectrumMultiple as SpectrumMultiple
from skfourier.spectra._spectrum import SpectrumSum as SpectrumSum

# The distributions; the bases above, for one's own, are public too. `as_spectrum` names what
# stands here, and the law tests run over it.
__all__ = [
    "Basic",
    "Cauchy",
    "Frequencies",
    "Gaussian",
    "Laplace",
    "Matern",
    "Periodic",
    "Positional",
    "Uniform",
]


def as_spectrum(distribution, *, parameter="distribution"):
    """Convert a parameter `distribution` to a spectrum.

    Parameters
    ----------
    distribution : str, Spectrum or sklearn.gaussian_process.kernels.Kernel
        The lower-case name of a class that needs no argument, an object, or what scikit-learn
        builds from such objects: a sum, or a product with `ConstantKernel`. scikit-learn's `RBF`
        and `Matern` become the same kernels here.
    parameter : str, default="distribution"
        Its name in error messages.

    Returns
    -------
    Spectrum

    Raises
    ------
    ValueError
        If the name is unknown, or it is none of these.

    Examples
    --------
    >>> from skfourier.spectra import Matern, as_spectrum
    >>> as_spectrum("gaussian")
    Gaussian()
    >>> from sklearn.gaussian_process.kernels import ConstantKernel
    >>> as_spectrum(ConstantKernel(0.5) * Matern(10) + Matern(3, nu=0.5))
    0.5 * Matern(sigma=10) + Matern(sigma=3, nu=0.5)
    """
    if isinstance(distribution, Spectrum):
        return distribution
    if isinstance(distribution, str):
        classes = {name.lower(): globals()[name] for name in __all__}
        named = {name: cls for name, cls in classes.items() if not _requires_arguments(cls)}
        return named[known_name(distribution, named, parameter)]()
    converted = from_scikit_learn(distribution, partial(as_spectrum, parameter=parameter))
    if converted is None:
        raise ValueError(
            f"{parameter} must be a name ('gaussian'), an object of skfourier.spectra "
            f"(Gaussian(10), not the class), or a sum of such objects, each times a positive "
            f"number if need be (Gaussian(3) + 0.1 * Matern(30)). Got {distribution!r}."
        )
    return converted


def _requires_arguments(cls):
    parameters = inspect.signature(cls).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)
