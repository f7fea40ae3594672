"""The kernels that fits leave behind, checked where they come from files."""

from sklearn.gaussian_process.kernels import Kernel

from skfourier.kernels._as_kernel import as_kernel
from skfourier.spectra import Basic, Positional

# Of infinitely wide networks; each is a pass over the values.
_MAX_LAYERS = 1000


def check_fitted_kernel(kernel, n_features):
    """Check that a kernel is one that fits may leave behind, for so many columns.

    Parameters
    ----------
    kernel : Kernel
    n_features : int

    Raises
    ------
    ValueError
        If it is not, or its parameters are out of their ranges.
    """
    parts = list(_parts(kernel))
    # Of Basic and Positional, arrays grow with the number of columns; scaled, they are Frequencies.
    if as_kernel(kernel) is not kernel or any(isinstance(p, Basic | Positional) for p in parts):
        raise ValueError(f"{kernel!r} is no kernel of a fit")
    if any(getattr(part, "n_hidden_layers", 1) > _MAX_LAYERS for part in parts):
        raise ValueError(f"{kernel!r} has too many layers to be evaluated")
    kernel.scales(n_features)


def _parts(kernel):
    """Yield a kernel and those that it is made of."""
    yield kernel
    for name in ("k1", "k2", "base"):
        if isinstance(getattr(kernel, name, None), Kernel):
            yield from _parts(getattr(kernel, name))
