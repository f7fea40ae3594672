"""The infinitely wide network on Fourier features: its kernel is a function of the induced one."""

import math

import numpy as np
from sklearn.gaussian_process.kernels import Kernel


def relu_ntk(cosine, n_hidden_layers):
    r"""Evaluate the NTK of an infinitely wide ReLU network on inputs of unit length.

    .. math:: \Sigma_l = \kappa_1(\Sigma_{l-1}), \quad
              \Theta_l = \Theta_{l-1}\, \kappa_0(\Sigma_{l-1}) + \Sigma_l, \quad
              \Sigma_0 = \Theta_0 = u

    .. math:: \kappa_0(u) = \frac{\pi - \arccos u}{\pi}, \quad
              \kappa_1(u) = \frac{u (\pi - \arccos u) + \sqrt{1 - u^2}}{\pi}

    in the NTK parametrisation, without biases, each layer keeping the mean square.

    Parameters
    ----------
    cosine : ndarray
        u, the inner products of the inputs, within [-1, 1].
    n_hidden_layers : int

    Returns
    -------
    ndarray
        n_hidden_layers + 1 where u = 1.

    References
    ----------
    Cho and Saul, "Kernel methods for deep learning", 2009.

    Jacot, Gabriel and Hongler, "Neural tangent kernel: convergence and generalization in neural
    networks", 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.ntk import relu_ntk
    >>> relu_ntk(np.array([1.0, 0.0]), n_hidden_layers=1).round(4)
    array([2.    , 0.3183])
    """
    covariance = np.clip(cosine, -1, 1)  # rounding may leave the interval
    ntk = covariance
    for _ in range(n_hidden_layers):
        opening = (math.pi - np.arccos(covariance)) / math.pi
        # (1 - u)(1 + u) and not 1 - u^2, which loses the digits of u near 1.
        root = np.sqrt((1 - covariance) * (1 + covariance))
        covariance = np.minimum(covariance * opening + root / math.pi, 1)
        ntk = ntk * opening + covariance
    return ntk


class ComposedKernel(Kernel):
    r"""The NTK of a ReLU network on Fourier features, composed with the kernel these induce.

    .. math:: k(d) = \Theta_L(k_0(d)) / (L + 1), \quad k_0(0) = 1

    Stationary, since :math:`k_0` is: section 2.2 of the paper. Normalised, k(0) = 1.

    Parameters
    ----------
    n_hidden_layers : int
        L.
    base : Spectrum
        :math:`k_0`, with :math:`k_0(0) = 1`.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations".

    Examples
    --------
    >>> from skfourier.ntk import ComposedKernel
    >>> from skfourier.spectra import Gaussian
    >>> ComposedKernel(3, Gaussian(10))([[0.0], [0.02]]).round(4)
    array([[1.    , 0.4128],
           [0.4128, 1.    ]])
    """

    product = False
    isotropic = False

    def __init__(self, n_hidden_layers, base):
        self.n_hidden_layers = n_hidden_layers
        self.base = base

    def evaluate(self, lag):
        """Evaluate the kernel at lags, shape (..., n_features)."""
        return self._composed(self.base.evaluate(lag))

    def __call__(self, X, Y=None, eval_gradient=False):
        """Evaluate the kernel matrix; there is no gradient."""
        if eval_gradient:
            raise NotImplementedError("ComposedKernel has no gradient by sigma.")
        return self._composed(self.base(X, Y))

    def diag(self, X):
        """Return k(x, x) = 1 for every row of X."""
        return np.ones(len(X))

    def is_stationary(self):
        """Return True: the kernel depends on differences of coordinates only."""
        return True

    def _composed(self, base):
        return relu_ntk(base, self.n_hidden_layers) / (self.n_hidden_layers + 1)
