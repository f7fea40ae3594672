"""The kernel of the closed form: an infinitely wide network on features, normalised."""

from skfourier.kernels import NeuralTangentKernel


class ComposedKernel(NeuralTangentKernel):
    r"""The NTK of a ReLU network on the features of a base, normalised.

    .. math:: k(d) = \Theta_L(k_0(d)) / (L + 1), \quad k(0) = 1

    Stationary, since :math:`k_0` is: section 2.2 of the paper.

    Parameters
    ----------
    n_hidden_layers : int
        L.
    base : Spectrum
        :math:`k_0`.

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

    activation = "relu"
    bias = 0.0
    normalize = True

    def __init__(self, n_hidden_layers, base):
        self.n_hidden_layers = n_hidden_layers
        self.base = base

    def normalized(self, n_features):  # noqa: ARG002 (of spectra k(0) may depend on it)
        """Return the kernel itself: k(0) = 1."""
        return self
