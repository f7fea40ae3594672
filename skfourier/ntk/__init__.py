"""The neural tangent kernel, of networks infinitely wide or at hand, and what it foretells."""

from skfourier.ntk._analytic import NeuralTangentKernel, NNGPKernel
from skfourier.ntk._composed import ComposedKernel
from skfourier.ntk._dynamics import TrainingDynamics, predict_training
from skfourier.ntk._eigenspectrum import Eigenspectrum, eigenspectrum

__all__ = [
    "ComposedKernel",
    "Eigenspectrum",
    "NNGPKernel",
    "NeuralTangentKernel",
    "TrainingDynamics",
    "eigenspectrum",
    "predict_training",
]
