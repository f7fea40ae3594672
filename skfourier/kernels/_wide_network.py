r"""The layers of an infinitely wide network, as functions of the inner products of its inputs.

With the dual :math:`\kappa, \dot\kappa` of the activation, w the variance of a weight times fan_in
and b that of a bias,

.. math:: \Sigma_0 = \Theta_0 = \frac w2\, x^T x' + b, \quad
          \Sigma_l = w\, \kappa(\Sigma_{l-1}) + b, \quad
          \Theta_l = w\, \dot\kappa(\Sigma_{l-1})\, \Theta_{l-1} + \Sigma_l

(Jacot, Gabriel and Hongler, 2018). The factor 1/2 matches Fourier features of amplitude 1, whose
entries have mean square 1/2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class WideNetwork:
    """An infinitely wide network, as functions of the inner products of inputs.

    They take the inner products, and the `variances` at the squared lengths of x and of x', which
    broadcast against them layer by layer.

    Parameters
    ----------
    activation : Activation
        With a dual.
    n_hidden_layers : int
        L, 1 or more.
    bias : float
        b.
    """

    activation: Any
    n_hidden_layers: int
    bias: float

    def variances(self, square):
        """Return the variance before each activation, (L, *shape), at squared lengths (*shape)."""
        variances = [self._first(square)]
        while len(variances) < self.n_hidden_layers:
            a = variances[-1]
            variances.append(self._hidden(a, a, a)[0])
        return np.stack(variances)

    def covariance(self, inner, variances_x, variances_y):
        r"""Evaluate :math:`\Sigma_L`, the covariance of the outputs before training."""
        c = self._first(inner)
        for a, b in zip(variances_x, variances_y, strict=True):
            c, _ = self._hidden(c, a, b)
        return c

    def covariance_slope(self, inner, variances_x, variances_y):
        r"""Differentiate :math:`\Sigma_L` with respect to the inner product."""
        c, by_c = self._first(inner), self.activation.weight_variance / 2
        for a, b in zip(variances_x, variances_y, strict=True):
            c, slope = self._hidden(c, a, b)
            by_c = slope * by_c
        return by_c

    def tangent(self, inner, variances_x, variances_y):
        r"""Evaluate :math:`\Theta_L`, the neural tangent kernel."""
        ntk = c = self._first(inner)
        for a, b in zip(variances_x, variances_y, strict=True):
            c, slope = self._hidden(c, a, b)
            slope *= ntk
            slope += c
            ntk = slope
        return ntk

    def tangent_slope(self, inner, variances_x, variances_y):
        r"""Differentiate :math:`\Theta_L` with respect to the inner product, layer by layer."""
        ntk = c = self._first(inner)
        by_ntk = by_c = self.activation.weight_variance / 2
        for a, b in zip(variances_x, variances_y, strict=True):
            curvature = self.activation.weight_variance * self.activation.dual_curvature(c, a, b)
            c, slope = self._hidden(c, a, b)
            by_ntk = slope * (by_ntk + by_c) + curvature * by_c * ntk
            by_c = slope * by_c
            ntk = slope * ntk + c
        return by_ntk

    def _first(self, inner):
        """Return the covariance before the first activation."""
        c = self.activation.weight_variance / 2 * inner
        if self.bias:
            c += self.bias
        return c

    def _hidden(self, c, a, b):
        """Return the covariance after a hidden layer and the next weights, and its derivative."""
        value, slope = self.activation.dual(c, a, b)
        value *= self.activation.weight_variance
        slope *= self.activation.weight_variance
        if self.bias:
            value += self.bias
        return value, slope
