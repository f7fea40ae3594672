"""Neural tangent kernels of infinitely wide and of fitted networks, and training they predict."""

from typing import TYPE_CHECKING

from skfourier.kernels import NeuralTangentKernel, NNGPKernel
from skfourier.ntk._dynamics import TrainingDynamics, predict_training
from skfourier.ntk._eigenspectrum import Eigenspectrum, eigenspectrum

if TYPE_CHECKING:
    from skfourier.ntk._empirical import empirical_ntk

__all__ = [
    "Eigenspectrum",
    "NNGPKernel",
    "NeuralTangentKernel",
    "TrainingDynamics",
    "eigenspectrum",
    "empirical_ntk",
    "predict_training",
]


def __getattr__(name):
    if name == "empirical_ntk":  # it loads torch
        from skfourier.ntk._empirical import empirical_ntk  # noqa: PLC0415

        return empirical_ntk
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
