"""Spectra out of scikit-learn's own kernels, where these are the same."""

import math

import numpy as np
from sklearn.gaussian_process import kernels

from skfourier.spectra._isotropic import Gaussian, Matern


def from_scikit_learn(kernel, convert):
    """Convert a kernel of scikit-learn; return None if there is no such spectrum.

    Parameters
    ----------
    kernel : object
        A `Sum`, a `Product` with a `ConstantKernel`, an `RBF` or a `Matern`, whose length scale is
        1 / (2 pi sigma).
    convert : callable
        Converts the parts of a sum or product.

    Returns
    -------
    Spectrum or None
    """
    kind = type(kernel)
    if kind is kernels.Sum:
        return convert(kernel.k1) + convert(kernel.k2)
    if kind is kernels.Product:
        for constant, factor in ((kernel.k1, kernel.k2), (kernel.k2, kernel.k1)):
            if isinstance(constant, kernels.ConstantKernel):
                return convert(factor) * constant
    if kind is kernels.RBF or (kind is kernels.Matern and kernel.nu == math.inf):
        return Gaussian(**_scale(kernel))
    if kind is kernels.Matern:
        return Matern(nu=kernel.nu, **_scale(kernel))
    return None


def _scale(kernel):
    bounds = kernel.length_scale_bounds
    if not isinstance(bounds, str):
        bounds = 1 / (2 * math.pi * np.asarray(bounds)[..., ::-1])
    sigma = 1 / (2 * math.pi * np.asarray(kernel.length_scale))
    return {"sigma": sigma if sigma.ndim else float(sigma), "sigma_bounds": bounds}
