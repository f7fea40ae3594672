"""Stationary kernels: those of spectra, and of infinitely wide networks on top of them."""

from skfourier.kernels._as_kernel import as_kernel
from skfourier.kernels._wide_network_kernels import NeuralTangentKernel, NNGPKernel

__all__ = ["NNGPKernel", "NeuralTangentKernel", "as_kernel"]
