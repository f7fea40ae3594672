"""The kernels of infinitely wide networks, as kernels of scikit-learn's Gaussian processes."""

import math
from abc import abstractmethod
from numbers import Integral, Real
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.gaussian_process.kernels import Hyperparameter
from sklearn.utils import gen_batches

from skfourier._checks import known_name
from skfourier.kernels._inputs import inner_products, squared_lengths
from skfourier.kernels._wide_network import WideNetwork
from skfourier.spectra import Spectrum
from skfourier.spectra._arguments import check_pair, floats
from skfourier.spectra._named_kernel import NamedKernel

# Rows and columns of a block: an array of it, 512 KiB, stays in a core's second-level cache, and is
# long enough for the threads not to wait for the interpreter (with 128 two are no faster than one).
_BLOCK = 256


class WideNetworkKernel(NamedKernel):
    """A kernel that is a function of the inner products of a wide network's inputs."""

    #: Whether k is a product of kernels, one for each axis.
    product = False
    #: Whether k depends on the length of the (scaled) lag only.
    isotropic = False

    def __init__(
        self,
        n_hidden_layers: Any = 3,
        activation: Any = "relu",
        bias: Any = 0.0,
        base: Any = None,
        *,
        normalize: Any = False,
    ) -> None:
        self.n_hidden_layers = n_hidden_layers
        self.activation = activation
        self.bias = bias
        self.base = base
        self.normalize = normalize

    @staticmethod
    @abstractmethod
    def value(network, inner, variances_x, variances_y):
        """Evaluate the kernel at inner products; see `WideNetwork`."""

    @staticmethod
    @abstractmethod
    def slope(network, inner, variances_x, variances_y):
        """Differentiate it with respect to the inner product."""

    def get_params(self, deep: bool = True) -> Any:
        """Return the parameters, and with `deep` the base's as ``base__sigma``."""
        params = super().get_params()
        if deep and self.base is not None:
            params |= {f"base__{name}": value for name, value in self.base.get_params().items()}
        return params

    @property
    def hyperparameters(self):
        """Those of the base, as scikit-learn's Gaussian processes search them."""
        inner = [] if self.base is None else self.base.hyperparameters
        return [
            Hyperparameter(f"base__{one.name}", one.value_type, one.bounds, one.n_elements)
            for one in inner
        ]

    def is_stationary(self) -> bool:
        """Return whether the kernel depends on differences of coordinates only: with a base."""
        return self.base is not None

    def evaluate(self, lag: Any) -> NDArray[Any]:
        """Evaluate the kernel at lags.

        Parameters
        ----------
        lag : array-like of shape (..., n_features)
            Differences of coordinates, in units of X.

        Returns
        -------
        ndarray of shape (...)

        Raises
        ------
        ValueError
            If there is no base: then the kernel depends on more than the lag.
        """
        network, lag = self._network(), floats(lag)
        self._require_base()
        inner = self.base.normalized(lag.shape[-1]).evaluate(lag)
        kernel = np.array(inner, ndmin=1).reshape(-1)
        ones = self._finite(network.variances, np.ones(1, dtype=kernel.dtype))
        for block in gen_batches(len(kernel), _BLOCK**2):
            kernel[block] = self._finite(self.value, network, kernel[block], ones, ones)
        kernel *= self._scale(network)
        return kernel.reshape(np.shape(inner))

    def scaled(self, sigma: Any, *, n_features: int) -> Any:
        """Multiply the frequencies of the base by `sigma`, a number or one for each column.

        Raises
        ------
        ValueError
            If there is no base.
        """
        self._require_base()
        base = self.base.scaled(sigma, n_features=n_features)
        return clone(self).set_params(base=base)

    def normalized(self, n_features: int) -> Any:  # noqa: ARG002 (of spectra k(0) may depend on it)
        """Divide the kernel by its value at equal inputs, so that k(0) = 1.

        Raises
        ------
        ValueError
            If there is no base.
        """
        self._require_base()
        return clone(self).set_params(normalize=True)

    def marginal(self, axis: int, n_features: int) -> Any:
        """Restrict the kernel to one axis: the same network on the base restricted to it."""
        self._require_base()
        base = self.base.normalized(n_features).marginal(axis, n_features)
        return clone(self).set_params(base=base)

    def scales(self, n_features: int) -> NDArray[Any]:
        """Return the scales of the base's frequencies, shape (n_terms, n_features)."""
        self._require_base()
        return self.base.scales(n_features)

    def diag(self, X: Any) -> NDArray[Any]:
        """Return k(x, x) for every row of X."""
        X, _ = check_pair(X, None, False)
        network, base = self._network(), self._normalized_base(X)
        squares = squared_lengths(base, X)
        variances = self._finite(network.variances, squares)
        values = self._finite(self.value, network, squares, variances, variances)
        return np.repeat(self._scale(network) * values, len(X) // len(values))

    def __call__(self, X: Any, Y: Any = None, eval_gradient: bool = False) -> Any:
        """Evaluate the kernel matrix, block by block.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_features)
        Y : array-like of shape (n_samples_Y, n_features), default=None
            X if None.
        eval_gradient : bool, default=False
            Whether to return also the gradient with respect to the logarithms of the base's free
            hyperparameters.

        Returns
        -------
        kernel : ndarray of shape (n_samples_X, n_samples_Y)
        gradient : ndarray of shape (n_samples_X, n_samples_X, n_dims)
            Only if `eval_gradient`.

        Raises
        ------
        ValueError
            If X or Y is not finite, they do not match, a parameter is out of its range, or the
            kernel's values overflow.
        """
        network = self._network()
        X, Y = check_pair(X, Y, eval_gradient)
        kernel = self._matrix(network, X, Y)
        if Y is X:
            # Rounded, the cosine of equal vectors would cost half of the digits.
            np.fill_diagonal(kernel, self.diag(X))
        return (kernel, self._gradient(network, X)) if eval_gradient else kernel

    def _matrix(self, network, X, Y):
        """Evaluate the kernel block by block; if Y is X, each pair of rows once."""
        base, scale = self._normalized_base(X), self._scale(network)
        a, b = (self._finite(network.variances, squared_lengths(base, Z)) for Z in (X, Y))
        a, b = a[:, :, None], b[:, None, :]
        kernel, inner = inner_products(base, X, Y)

        def evaluate(rows):
            for columns in gen_batches(len(Y), _BLOCK):
                if Y is X and columns.start < rows.start:
                    continue
                variances = _take(a, rows, axis=1), _take(b, columns, axis=2)
                block = self._finite(self.value, network, inner(rows, columns), *variances)
                if scale != 1:
                    block *= scale
                kernel[rows, columns] = block
                if Y is X:
                    kernel[columns, rows] = block.T

        # NumPy's functions let other threads run; no two of these write where another one reads.
        bands = list(gen_batches(len(X), _BLOCK))
        n_threads = min(len(bands), _n_threads())
        Parallel(n_jobs=n_threads, prefer="threads")(delayed(evaluate)(rows) for rows in bands)
        return kernel

    def _gradient(self, network, X):
        """Differentiate the kernel matrix with respect to the base's free hyperparameters."""
        n_dims = len(self.theta)
        if not n_dims:
            return np.empty((len(X), len(X), 0))
        inner, gradient = self.base(X, eval_gradient=True)
        # The base is divided by its k(0), which depends on the weights of a sum.
        at_zero, slope_at_zero = inner[0, 0], gradient[0, 0] / inner[0, 0]
        inner, gradient = inner / at_zero, gradient / at_zero
        gradient -= inner[..., None] * slope_at_zero
        ones, scale = (
            self._finite(network.variances, np.ones(1, dtype=inner.dtype)),
            self._scale(network),
        )
        for rows in gen_batches(len(X), max(1, _BLOCK**2 // len(X))):
            slope = self._finite(self.slope, network, inner[rows], ones, ones)
            gradient[rows] *= scale * slope[..., None]
        return gradient

    def _finite(self, function, *arguments):
        """Evaluate a function of the network, and raise ValueError if it overflows."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            values = function(*arguments)
        if not np.all(np.isfinite(values)):
            raise ValueError(
                f"The values of {self!r} overflow {values.dtype}. Scale X down, take fewer hidden "
                f"layers or a smaller bias"
                + (", or pass X in float64." if values.dtype == np.float32 else ".")
            )
        return values

    def _scale(self, network):
        """Return what the network's function is multiplied by: 1, or 1 / its value at u = 1."""
        if not self.normalize:
            return 1.0
        self._require_base()
        one = np.ones(1)
        variances = self._finite(network.variances, one)
        return 1 / float(self._finite(self.value, network, one, variances, variances)[0])

    def _normalized_base(self, X):
        return None if self.base is None else self.base.normalized(X.shape[1])

    def _require_base(self):
        if self.base is None:
            raise ValueError(
                f"Without a base the kernel depends on the coordinates, not on their lag alone. "
                f"Call it with X and Y, or set a base (base=Gaussian(10)). Got {self!r}."
            )

    def _network(self):
        """Check the parameters and build the network that they describe."""
        layers, bias = self.n_hidden_layers, self.bias
        if not (isinstance(layers, Integral) and int(layers) >= 1):
            raise ValueError(f"n_hidden_layers must be a whole number, 1 or more. Got {layers!r}.")
        if not (isinstance(bias, Real) and 0 <= float(bias) < math.inf):
            raise ValueError(f"bias, a variance, must be finite and not negative. Got {bias!r}.")
        if not (self.base is None or isinstance(self.base, Spectrum)):
            raise ValueError(
                f"base must be a spectrum (Gaussian(10), features.induced_kernel()), or None for "
                f"the rows of X themselves. Got {self.base!r}."
            )
        return WideNetwork(_with_dual(self.activation), int(layers), float(bias))


def _with_dual(activation):
    """Return the activation of that name, or the object itself, if its kernel is known."""
    from skfourier.activations import ACTIVATIONS, DUALS, Activation  # noqa: PLC0415 (loads torch)

    if isinstance(activation, str) and activation not in ACTIVATIONS:
        known_name(activation, DUALS, "activation")
    found = ACTIVATIONS[activation]() if isinstance(activation, str) else activation
    if not isinstance(found, Activation) or type(found).dual is Activation.dual:
        raise ValueError(
            f"activation={activation!r} has no kernel in closed form. Those that have one are: "
            f"{', '.join(map(repr, sorted(DUALS)))}; or an Activation of your own with `dual`."
        )
    return found


def _take(variances, rows, axis):
    """Take the variances of some rows, which lie along an axis, or the one of all of them."""
    if variances.shape[axis] == 1:
        return variances
    return variances[:, rows] if axis == 1 else variances[..., rows]


class NeuralTangentKernel(WideNetworkKernel):
    r"""The neural tangent kernel of an infinitely wide network, which governs its training.

    .. math:: \Theta_L, \quad \Theta_l = w\, \dot\kappa(\Sigma_{l-1})\, \Theta_{l-1} + \Sigma_l,
              \quad \Sigma_l = w\, \kappa(\Sigma_{l-1}) + \beta^2,
              \quad \Sigma_0 = \Theta_0 = \frac w2 k_0 + \beta^2

    where :math:`\kappa, \dot\kappa` are the activation's dual, w the variance of its weights times
    fan_in (He's 2 for "relu"), the output layer's alike, and :math:`k_0` the inner products of the
    inputs. With a base the kernel is stationary: section 2.2 of the paper.

    Parameters
    ----------
    n_hidden_layers : int, default=3
        L.
    activation : {"relu", "sine", "erf", "gaussian"} or Activation, default="relu"
        Of `CoordinateMLPRegressor`, with the weights that it is initialized with; "relu" with He's.
    bias : float, default=0.0
        :math:`\beta^2`, the variance of the biases, whose gradients are weighted by it as well.
    base : Spectrum or None, default=None
        The kernel of the features that the network reads, ``Gaussian(10)`` or
        ``features.induced_kernel()``, divided by its k(0): features of unit length. Its sigma is
        searched by a Gaussian process, within its sigma_bounds. None takes the rows of X
        themselves, with their lengths: :math:`k_0 = x^T x'`.
    normalize : bool, default=False
        Whether to divide by the value at equal inputs, so that k(0) = 1. Requires a base.

    Notes
    -----
    This is the NTK parametrization: the gradient with respect to each parameter is weighted by the
    parameter's initial variance, so that no width appears. The factor 1/2 matches inputs of mean
    square 1/2: Fourier features of amplitude 1, or their expectation. For "relu" without biases
    k(x, x) = (L + 1) times the squared length of x, and other weights (torch's) are a factor of the
    kernel.

    Biases are drawn: they count in :math:`\Sigma` too. (scikit-ntk's start at 0, and do not.)

    References
    ----------
    Jacot, Gabriel and Hongler, "Neural tangent kernel: convergence and generalization in neural
    networks", 2018.

    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", section 2.

    Examples
    --------
    >>> from skfourier.kernels import NeuralTangentKernel
    >>> from skfourier.spectra import Gaussian
    >>> kernel = NeuralTangentKernel(3, base=Gaussian(10))
    >>> kernel([[0.0], [0.02]]).round(4)
    array([[4.    , 1.6513],
           [1.6513, 4.    ]])
    >>> kernel.evaluate([[0.02]]).round(4)
    array([1.6513])
    """

    value = staticmethod(WideNetwork.tangent)
    slope = staticmethod(WideNetwork.tangent_slope)


class NNGPKernel(WideNetworkKernel):
    r"""The covariance of the outputs of an infinitely wide network, before any training.

    .. math:: \Sigma_L, \quad \Sigma_l = w\, \kappa(\Sigma_{l-1}) + \beta^2,
              \quad \Sigma_0 = \frac w2 k_0 + \beta^2

    Its Gaussian process is the network of which the output layer alone is trained.

    Parameters
    ----------
    n_hidden_layers : int, default=3
        L.
    activation : {"relu", "sine", "erf", "gaussian"} or Activation, default="relu"
        Of `CoordinateMLPRegressor`, with the weights that it is initialized with; "relu" with He's.
    bias : float, default=0.0
        :math:`\beta^2`, the variance of the biases.
    base : Spectrum or None, default=None
        As in `NeuralTangentKernel`.
    normalize : bool, default=False
        Whether to divide by the value at equal inputs, so that k(0) = 1. Requires a base.

    References
    ----------
    Lee, Bahri, Novak, Schoenholz, Pennington and Sohl-Dickstein, "Deep neural networks as Gaussian
    processes", 2018.

    Examples
    --------
    >>> from skfourier.kernels import NNGPKernel
    >>> from skfourier.spectra import Gaussian
    >>> NNGPKernel(3, base=Gaussian(10))([[0.0], [0.02]]).round(4)
    array([[1.    , 0.7225],
           [0.7225, 1.    ]])
    """

    value = staticmethod(WideNetwork.covariance)
    slope = staticmethod(WideNetwork.covariance_slope)


def _n_threads():
    """Return torch's number of threads, which heeds OMP_NUM_THREADS and joblib's workers."""
    import torch  # noqa: PLC0415 (a network's duals have loaded it)

    return torch.get_num_threads()
