"""Fourier features, coordinate networks and their kernels, with a scikit-learn API."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skfourier._fourier_features import FourierFeatures
from skfourier._saving import load, save

if TYPE_CHECKING:
    from skfourier._coordinate_mlp import CoordinateMLPRegressor
    from skfourier._ensemble import CoordinateMLPEnsemble
    from skfourier._kernel_regressor import FourierKernelRegressor
    from skfourier._kernel_regressor_cv import FourierKernelRegressorCV
    from skfourier._motion import MotionCompensatedRegressor

__all__ = [
    "CoordinateMLPEnsemble",
    "CoordinateMLPRegressor",
    "FourierFeatures",
    "FourierKernelRegressor",
    "FourierKernelRegressorCV",
    "MotionCompensatedRegressor",
    "load",
    "save",
]
__version__ = "0.1.0.dev0"

# torch and finufft take seconds and hundreds of megabytes: they come with what needs them.
_LOADED_WHEN_USED = {
    "CoordinateMLPEnsemble": "skfourier._ensemble",
    "CoordinateMLPRegressor": "skfourier._coordinate_mlp",
    "FourierKernelRegressor": "skfourier._kernel_regressor",
    "FourierKernelRegressorCV": "skfourier._kernel_regressor_cv",
    "MotionCompensatedRegressor": "skfourier._motion",
}
_MODULES = (
    "activations",
    "datasets",
    "grids",
    "images",
    "inspection",
    "kernels",
    "metrics",
    "model_selection",
    "ntk",
    "spectra",
    "videos",
)


def __getattr__(name: str) -> Any:
    if name in _LOADED_WHEN_USED:
        return getattr(import_module(_LOADED_WHEN_USED[name]), name)
    if name in _MODULES:
        return import_module(f"skfourier.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*__all__, *_MODULES))
