r"""Finite features: kernel regression as ridge regression on them.

With features :math:`\phi` of shape (n, p), normalised to :math:`\phi(x)^T \phi(x) = k(0) = 1`,

.. math:: K = \Phi \Phi^T, \quad (\Phi^T W \Phi + \alpha I) \beta = \Phi^T W y, \quad
          f(x) = \phi(x)^T \beta

The Gram matrix and the right-hand side are sums over rows. One eigendecomposition of the Gram
matrix then serves any alpha.
"""

import copy
from dataclasses import replace

import numpy as np

from skfourier.solvers._leave_one_out import Eigenbasis
from skfourier.solvers._normal_equations import FiniteFeatures

# The Gram matrix, its eigenvectors and what LAPACK works in: four matrices of this many bytes.
_MOST_GRAM_BYTES = 2**30


class Primal:
    """Finite features: exact, any alpha nearly free.

    Parameters
    ----------
    system : System
        Its kernel a spectrum of given frequencies, a `FiniteSpectrum`.

    Attributes
    ----------
    features : FiniteFeatures
    n_iter : int
        1.
    """

    name = "primal"
    exact = True
    n_iter = 1

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that says why this solver does not apply."""
        if not hasattr(system.kernel, "given_frequencies"):
            return (
                f"The solver 'primal' needs finite features (Frequencies, Positional, Basic, or a "
                f"FourierFeatures), and {system.kernel!r} is an expectation over frequencies or "
                f"composed. Take 'nufft', 'cholesky' or 'cg'."
            )
        n_features = 2 * len(system.kernel.given_frequencies(system.X.shape[1]))
        if 8 * n_features**2 > _MOST_GRAM_BYTES:
            return (
                f"The solver 'primal' needs the Gram matrix of {n_features:,} features, "
                f"{8e-9 * n_features**2:.1f} GB; it takes {_MOST_GRAM_BYTES * 1e-9:.1f} GB at "
                f"most. Take fewer frequencies, or 'cholesky' or 'cg'."
            )
        return None

    @staticmethod
    def features_of(system):
        """Return the features of the kernel."""
        return FiniteFeatures(system.kernel, system.X.shape[1])

    def __init__(self, system):
        self.system = system
        self.features = self.features_of(system)
        no_targets = np.zeros((len(system.X), 0))
        self._equations = self.features.normal_equations(system.X, no_targets, system.weight)
        self._equations.check_positive(system.alpha)

    def with_alpha(self, alpha):
        """Return this solver with another alpha; the eigendecomposition is shared."""
        self._equations.check_positive(alpha)
        other = copy.copy(self)
        other.system = replace(self.system, alpha=alpha)
        return other

    def solve(self, y):
        """Return the coefficients of the features, for y of shape (n_samples, n_outputs)."""
        return self._equations.apply_inverse(self._right_hand_sides(y), self.system.alpha)

    def _right_hand_sides(self, y):
        """Return Phi^T W y."""
        weighted = y if self.system.weight is None else self.system.weight[:, None] * y
        right = np.zeros((self.features.width, y.shape[1]))
        for rows, phi in self.features.blocks(self.system.X):
            right += phi.T @ weighted[rows]
        return right

    def predict(self, coefficients, X):
        """Evaluate at the rows of X: (n_test, n_outputs)."""
        return self.features.predict(coefficients, X)

    def variance(self, X):
        r"""Return :math:`k(0) - k_*^T (K + \alpha W^{-1})^{-1} k_*` for the rows of X."""
        return self._equations.variance(X, self.system.alpha)

    def log_determinant(self):
        r"""Return the logarithm of :math:`\det(K + \alpha W^{-1})`.

        .. math:: \log\det(\Phi^T W \Phi + \alpha I) + (n - p) \log\alpha - \sum_j \log w_j
        """
        weight = self.system.weight
        of_weights = 0 if weight is None else np.log(weight).sum()
        return self._equations.log_determinant(self.system.alpha, len(self.system.X)) - of_weights

    def dual(self, y):
        r"""Return :math:`c = (K + \alpha W^{-1})^{-1} y = W (y - \Phi \beta) / \alpha`."""
        residual = (y - self.predict(self.solve(y), self.system.X)) / self.system.alpha
        return residual if self.system.weight is None else self.system.weight[:, None] * residual

    def inverse_diagonal(self):
        r"""Return the diagonal of :math:`(K + \alpha W^{-1})^{-1}`.

        .. math:: (W - W \Phi (\Phi^T W \Phi + \alpha)^{-1} \Phi^T W) / \alpha
        """
        weight = 1.0 if self.system.weight is None else self.system.weight
        leverage = weight * self._equations.quadratic_form(self.system.X, self.system.alpha)
        return weight * (1 - leverage) / self.system.alpha

    def eigenbasis(self, y):
        r"""Return the system of y of shape (n_samples, n_outputs) along the eigenvectors of B.

        :math:`B = W^{1/2} \Phi \Phi^T W^{1/2}` has the eigenvalues of the Gram matrix, whose
        eigenvectors v stand for :math:`W^{1/2} \Phi v / \sqrt\lambda`. What these do not reach is
        the residual of the least-squares fit.
        """
        values, vectors = self._equations.eigenvalues, self._equations.eigenvectors
        seen = values > len(values) * np.finfo(float).eps * values[-1]
        values, vectors = values[seen], vectors[:, seen]
        components = vectors.T @ self._right_hand_sides(y)
        fit = self.predict(vectors @ (components / values[:, None]), self.system.X)
        weight = np.ones(len(y)) if self.system.weight is None else self.system.weight
        return Eigenbasis(
            values,
            np.square(components) / values[:, None],
            n_samples=len(y),
            rest=weight @ np.square(y - fit),
        )
