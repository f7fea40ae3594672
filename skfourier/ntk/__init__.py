"""The neural tangent kernel of wide networks on Fourier features."""

from skfourier.ntk._composed import ComposedKernel, relu_ntk

__all__ = ["ComposedKernel", "relu_ntk"]
