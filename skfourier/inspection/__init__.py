"""Displays of kernels, spectra and training, in the style of scikit-learn's displays.

The data are attributes. `from_estimator`, or another method that begins with `from_`, computes
them; `plot` draws them and returns the display. matplotlib is loaded when something is drawn.
"""

from skfourier.inspection._dynamics import TrainingDynamicsDisplay
from skfourier.inspection._eigenspectrum import EigenspectrumDisplay
from skfourier.inspection._kernel import KernelDisplay
from skfourier.inspection._reconstruction import ReconstructionDisplay
from skfourier.inspection._sigma_search import SigmaSearchDisplay
from skfourier.inspection._spectrum import SpectrumDisplay

__all__ = [
    "EigenspectrumDisplay",
    "KernelDisplay",
    "ReconstructionDisplay",
    "SigmaSearchDisplay",
    "SpectrumDisplay",
    "TrainingDynamicsDisplay",
]
