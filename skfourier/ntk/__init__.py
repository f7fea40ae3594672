"""The neural tangent kernel: of infinitely wide networks, and of a network at hand."""

from typing import TYPE_CHECKING

from skfourier.ntk._analytic import NeuralTangentKernel, NNGPKernel
from skfourier.ntk._composed import ComposedKernel

if TYPE_CHECKING:
    from skfourier.ntk._empirical import empirical_ntk

__all__ = ["ComposedKernel", "NNGPKernel", "NeuralTangentKernel", "empirical_ntk"]


def __getattr__(name):
    if name == "empirical_ntk":  # it loads torch
        from skfourier.ntk._empirical import empirical_ntk  # noqa: PLC0415

        return empirical_ntk
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
