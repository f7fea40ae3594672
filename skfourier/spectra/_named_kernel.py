"""Kernels that are compared by all of their parameters."""

import inspect

import numpy as np
from sklearn.gaussian_process.kernels import Kernel


class NamedKernel(Kernel):
    """A kernel that is compared by all of its parameters, and printed by their names."""

    def __eq__(self, other):
        # scikit-learn's own broadcasts arrays against one another: one row would equal two.
        if type(self) is not type(other):
            return False
        mine, others = self.get_params(deep=False), other.get_params(deep=False)
        return all(_equal(mine[name], others[name]) for name in mine)

    __hash__ = None  # type: ignore[assignment]  # as scikit-learn's: parameters change

    def __repr__(self):
        """Name the parameters that are not at their defaults."""
        defaults = inspect.signature(type(self)).parameters
        arguments = ", ".join(
            f"{name}={plain(value)}"
            for name, value in self.get_params(deep=False).items()
            if not _equal(value, defaults[name].default)
        )
        return f"{type(self).__name__}({arguments})"


def _equal(one, other):
    """Compare parameters: arrays by their values, torch modules (activations) by what they say."""
    if type(one) is type(other) and hasattr(one, "extra_repr"):
        return repr(one) == repr(other)
    return np.array_equal(one, other)


def plain(value):
    """Write a parameter as one would type it."""
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.size <= 8:
        return repr(tuple(value.tolist()))
    if isinstance(value, np.ndarray):
        return f"<array of shape {value.shape}>"
    return repr(value.item() if isinstance(value, np.generic) else value)
