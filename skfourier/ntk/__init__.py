"""The neural tangent kernel of wide networks on Fourier features."""

from skfourier.ntk._composed import ComposedKernel, relu_ntk
from skfourier.ntk._dynamics import TrainingDynamics, predict_training
from skfourier.ntk._eigenspectrum import Eigenspectrum, eigenspectrum

__all__ = [
    "ComposedKernel",
    "Eigenspectrum",
    "TrainingDynamics",
    "eigenspectrum",
    "predict_training",
    "relu_ntk",
]
