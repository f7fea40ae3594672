"""Spectra: distributions of frequencies, each with its kernel and its density.

By Bochner's theorem a stationary kernel is a distribution of frequencies. Sampled, it gives
Fourier features; its expectation is the kernel in closed form. Every class here is a kernel of
scikit-learn's Gaussian processes too, and goes into `GaussianProcessRegressor` and `KernelRidge`.
"""

import inspect

from skfourier._sklearn import known_name
from skfourier.spectra._finite import Basic, Frequencies, Positional
from skfourier.spectra._isotropic import Gaussian, Matern
from skfourier.spectra._isotropic import IsotropicSpectrum as IsotropicSpectrum
from skfourier.spectra._product import Cauchy, Laplace, Uniform
from skfourier.spectra._product import ProductSpectrum as ProductSpectrum
from skfourier.spectra._spectrum import Spectrum as Spectrum

# The distributions; the bases above, for one's own, are public too. `as_spectrum` names what
# stands here, and the law tests run over it.
__all__ = [
    "Basic",
    "Cauchy",
    "Frequencies",
    "Gaussian",
    "Laplace",
    "Matern",
    "Positional",
    "Uniform",
]


def as_spectrum(distribution):
    """Turn what users give as `distribution` into a spectrum.

    Parameters
    ----------
    distribution : str or Spectrum
        The lower-case name of a class that needs no argument, or an object.

    Returns
    -------
    Spectrum

    Raises
    ------
    ValueError
        If the name is unknown, or it is neither.

    Examples
    --------
    >>> from skfourier.spectra import as_spectrum
    >>> as_spectrum("gaussian")
    Gaussian()
    """
    if isinstance(distribution, Spectrum):
        return distribution
    if not isinstance(distribution, str):
        raise ValueError(
            f"distribution must be a name ('gaussian') or an object of skfourier.spectra "
            f"(Gaussian(10)), not a class or anything else. Got {distribution!r}."
        )
    classes = {name.lower(): globals()[name] for name in __all__}
    named = {name: cls for name, cls in classes.items() if not _requires_arguments(cls)}
    return named[known_name(distribution, named, "distribution")]()


def _requires_arguments(cls):
    parameters = inspect.signature(cls).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)
