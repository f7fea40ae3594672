"""The closed form that chooses its sigma and alpha: candidates, criteria, and their search."""

from skfourier._kernel_regressor_cv._estimator import FourierKernelRegressorCV

__all__ = ["FourierKernelRegressorCV"]
