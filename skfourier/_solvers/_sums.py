"""Sums over rows that add up over blocks of them: what they are, whatever the features."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skfourier._solvers._target_moments import TargetMoments


@dataclass(frozen=True, eq=False)
class Sums(ABC):
    r"""Sums over rows of features, and of their products with targets.

    Their memory depends on the number of features only.

    Parameters
    ----------
    features : FourierModes or FiniteFeatures
    right_hand_sides : ndarray
        Of the features times the targets about their weighted mean.
    moments : TargetMoments
    """

    features: Any
    right_hand_sides: np.ndarray
    moments: TargetMoments
    #: Of the arrays.
    dtype: ClassVar[type] = float

    @staticmethod
    @abstractmethod
    def shapes(features, n_outputs):
        """Return the names of the arrays and their shapes, a dict."""

    @abstractmethod
    def about(self, origin):
        """Return the right-hand sides of the targets less `origin`."""

    def state(self):
        """Return what files hold, beside the features and the moments."""
        return {name: getattr(self, name) for name in self.shapes(self.features, 1)}

    @classmethod
    def from_state(cls, features, moments, state):
        """Rebuild the sums of features and moments from `state`."""
        shapes = cls.shapes(features, len(moments.mean))
        arrays = {name: state.array(name, shape, cls.dtype) for name, shape in shapes.items()}
        state.finish()
        return cls(features=features, moments=moments, **arrays)

    def __add__(self, other):
        """Add the sums over other rows."""
        if not self.features.same(other.features):
            raise ValueError("Only sums over the same features add up; these have different ones.")
        moments = self.moments + other.moments
        mine, others = self.state(), other.state()
        total = {name: mine[name] + others[name] for name in mine}
        total["right_hand_sides"] = self.about(moments.mean) + other.about(moments.mean)
        return replace(self, moments=moments, **total)
