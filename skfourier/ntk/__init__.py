"""The neural tangent kernel: of infinitely wide networks."""

from skfourier.ntk._analytic import NeuralTangentKernel, NNGPKernel
from skfourier.ntk._composed import ComposedKernel

__all__ = ["ComposedKernel", "NNGPKernel", "NeuralTangentKernel"]
