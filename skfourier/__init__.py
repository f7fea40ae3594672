"""Fourier features, coordinate networks and their kernels, in scikit-learn's manner."""

from typing import TYPE_CHECKING

from skfourier._fourier_features import FourierFeatures

if TYPE_CHECKING:
    from skfourier._coordinate_mlp import CoordinateMLPRegressor

__all__ = ["CoordinateMLPRegressor", "FourierFeatures"]
__version__ = "0.1.0.dev0"


def __getattr__(name):
    # torch takes seconds and hundreds of megabytes: it is loaded with the estimator that needs it.
    if name == "CoordinateMLPRegressor":
        from skfourier._coordinate_mlp import CoordinateMLPRegressor  # noqa: PLC0415

        return CoordinateMLPRegressor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
