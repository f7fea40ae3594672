"""The normal equations of Fourier modes that are too many to be factorized, by iteration."""

import itertools
from dataclasses import replace
from functools import cached_property

import numpy as np

from skfourier._solvers._axis_eigenfunctions import AxisEigenfunctions, CoupledEigenfunctions
from skfourier._solvers._conjugate_gradients import iterate
from skfourier._solvers._half_spectra import multiplicity
from skfourier._solvers._toeplitz_product import ToeplitzProduct

# Iterations after which it pays to precondition by a dense factor.
_PATIENCE = 64


class IteratedModes:
    r"""The system :math:`D T D + \alpha`, divided by with preconditioned conjugate gradients.

    Parameters
    ----------
    sums : FourierSums
    alpha : float
    strong : DenseModes or None
        The factorized system of the strongest modes; None: the axes precondition, if they can.
    most : int
        Eigenfunctions that are factorized together at most.
    """

    def __init__(self, sums, alpha, strong, *, most):
        self.sums, self.alpha, self._strong, self._most = sums, alpha, strong, most

    def divide(self, right_hand_sides, *, tol, max_iter, energy=None):
        """Solve (D T D + alpha) beta = right_hand_sides, arrays over one half of the modes.

        A mode that stands for its conjugate as well counts twice: conjugate gradients see it times
        sqrt(2), so that their inner products are those of all modes.

        Returns
        -------
        Solution
            Of `iterate`, whose `tol`, `max_iter` and `energy` these are.
        """
        features, alpha = self.sums.features, self.alpha
        scale, root = features.scale, np.sqrt(multiplicity(features.highest))
        product = ToeplitzProduct(self.sums.toeplitz, features.highest)
        counter = itertools.count()
        solution = iterate(
            lambda v: scale * root * product(v * (scale / root)) + alpha * v,
            right_hand_sides * root,
            preconditioner=lambda v: root * self._nearly_divided(v / root, next(counter)),
            tol=tol,
            max_iter=max_iter,
            energy=energy,
            least=alpha,
        )
        return replace(solution, x=solution.x / root)

    def _nearly_divided(self, half, n_iter):
        """Divide by nearly (D T D + alpha): the preconditioner.

        That is the product over the axes; of a product kernel, if it takes many iterations, with
        the strongest eigenfunctions as they are. Without it the strongest modes as they are, if
        they are factorized, and the diagonal.
        """
        axes = self.axis_eigenfunctions
        if axes is not None:
            # Each time: results do not depend on what was asked before.
            few = n_iter < _PATIENCE or not axes.is_product
            return axes.divide(half, self.alpha) if few else self._coupled.divide(half)
        # T's diagonal is the sum of the weights.
        scale, weight_sum = self.sums.features.scale, self.sums.moments.weight_sum
        divided = half / (weight_sum * scale**2 + self.alpha)
        if self._strong is None:
            return divided
        return np.where(self._weak, divided, self._strong.divide(half))

    @cached_property
    def axis_eigenfunctions(self):
        """The eigenfunctions along the axes; None for one axis, or a very long one."""
        applies = AxisEigenfunctions.apply(self.sums.features)
        return AxisEigenfunctions(self.sums) if applies else None

    @cached_property
    def _coupled(self):
        """The strongest eigenfunctions, factorized."""
        return CoupledEigenfunctions(self.axis_eigenfunctions, self.sums, self.alpha, self._most)

    @cached_property
    def _weak(self):
        """Mask of the modes that are not among the strongest, of shape `half_shape`."""
        pairs = self._strong.pairs
        return pairs.to_modes(np.ones((1, pairs.n_features)))[0] == 0
