"""Activations of the coordinate network: forward pass, initialization, dual kernel: one class each.

The estimators take them by name (the class's in lower case) or as objects, including your own: a
subclass of `Activation` says how the layer before it is drawn, and with a dual the kernels of
infinitely wide networks take it.
"""

import math
from numbers import Real

import numpy as np
import torch
from torch import nn


class Activation(nn.Module):
    r"""An activation phi, how the layer before it is initialized, and its dual.

    The dual is what an infinitely wide layer makes of the covariance of two normal variables, and
    its derivatives by it (Price's theorem):

    .. math:: \kappa = E\,\phi(u)\phi(v), \quad \dot\kappa = E\,\phi'(u)\phi'(v), \quad
              \ddot\kappa = E\,\phi''(u)\phi''(v), \qquad
              (u, v) \sim N\left(0, \begin{pmatrix} a & c \\ c & b \end{pmatrix}\right)

    Daniely, Frostig and Singer, "Toward deeper understanding of neural networks: the power of
    initialization and a dual view on expressivity", 2016.
    """

    #: In the infinitely wide network: the variance of a weight times fan_in.
    weight_variance: float

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (others ask which layer)
        """Draw the weights of the linear layer that feeds this activation, in place.

        As torch does, where a subclass says nothing else.

        Parameters
        ----------
        linear : torch.nn.Linear
        first : bool
            Whether the layer reads the inputs of the network.
        generator : torch.Generator

        Returns
        -------
        tuple of two floats
            The variance of each weight and of each bias: the NTK parametrization weights by them.
        """
        return torch_default(linear, generator)

    def dual(self, c, a, b):
        r"""Evaluate :math:`\kappa` and :math:`\dot\kappa`.

        Parameters
        ----------
        c : ndarray
            Covariances of u and v.
        a, b : ndarray, broadcast against c
            Variances of u and v.

        Returns
        -------
        tuple of two ndarray
        """
        raise NotImplementedError(f"{type(self).__name__} has no dual in closed form here.")

    def dual_curvature(self, c, a, b):
        r"""Evaluate :math:`\ddot\kappa`, the derivative of :math:`\dot\kappa` with respect to c."""
        raise NotImplementedError(f"{type(self).__name__} has no dual in closed form here.")


class ReLU(Activation):
    r"""The rectifier, :math:`\max(z, 0)`, with torch's initialization.

    On photographs a network on Fourier features learns a little faster from it than from He's,
    whose weights the infinitely wide network has: other ones are a factor of its kernel.

    Its dual: Cho and Saul, "Kernel methods for deep learning", 2009.
    """

    weight_variance = 2.0

    def forward(self, z):
        """Evaluate max(z, 0)."""
        return torch.relu(z)

    def dual(self, c, a, b):
        r"""Evaluate, with the angle :math:`\theta = \arccos(c / \sqrt{ab})`, the moments.

        .. math:: \kappa = \sqrt{ab}\, \frac{\sin\theta + (\pi - \theta) \cos\theta}{2 \pi},
                  \quad \dot\kappa = \frac{\pi - \theta}{2 \pi}
        """
        cosine, sine, length = _angle(c, a, b)
        slope = np.arccos(cosine)
        np.subtract(math.pi, slope, out=slope)
        value = cosine
        value *= slope
        value += sine
        value *= length * (0.5 / math.pi)
        slope *= 0.5 / math.pi
        return value, slope

    def dual_curvature(self, c, a, b):
        r"""Evaluate :math:`\ddot\kappa = 1 / (2 \pi \sqrt{ab} \sin\theta)`; 0 where it is infinite.

        It is infinite where u = v, the lag 0, where whatever multiplies it vanishes.
        """
        _, sine, length = _angle(c, a, b)
        curvature = np.zeros_like(sine)
        return np.divide(0.5 / math.pi, sine * length, out=curvature, where=sine * length > 0)


class GELU(Activation):
    r"""The Gaussian error linear unit, :math:`z \Phi(z)`, with torch's initialization.

    Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """

    def forward(self, z):
        r"""Evaluate z \Phi(z)."""
        return nn.functional.gelu(z)


class Tanh(Activation):
    """The hyperbolic tangent, with Glorot's initialization.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010.
    """

    def forward(self, z):
        """Evaluate tanh(z)."""
        return torch.tanh(z)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw uniform weights of variance 2 / (fan_in + fan_out), times tanh's gain."""
        gain = nn.init.calculate_gain("tanh")
        nn.init.xavier_uniform_(linear.weight, gain=gain, generator=generator)
        nn.init.zeros_(linear.bias)
        return 2 * gain**2 / (linear.in_features + linear.out_features), 0.0


class Sine(Activation):
    r"""The sine at unit frequency, :math:`\sin z`, with weights of variance 1.5^2 / fan_in.

    On Fourier features, whose mean square is 1/2, the first layer's z then has about unit
    variance: the sine bends, but seldom beyond its first maximum. Chosen by measurement.
    """

    weight_variance = 1.5**2

    def forward(self, z):
        """Evaluate sin(z)."""
        return torch.sin(z)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw normal weights of standard deviation 1.5 / sqrt(fan_in), and zero biases."""
        return normal(linear, 1.5 / math.sqrt(linear.in_features), generator)

    def dual(self, c, a, b):
        r"""Evaluate the moments.

        .. math:: \kappa = e^{-(a + b) / 2} \sinh c, \quad \dot\kappa = e^{-(a + b) / 2} \cosh c
        """
        # |c| <= (a + b) / 2: written so, nothing overflows.
        size = np.abs(c)
        half = 0.5 * np.exp(size - 0.5 * (a + b))
        fall = np.expm1(-2 * size)
        return np.copysign(half * fall, c), half * (2 + fall)

    def dual_curvature(self, c, a, b):
        r"""Evaluate :math:`\ddot\kappa = \kappa`."""
        return self.dual(c, a, b)[0]


class Erf(Activation):
    r"""The error function, :math:`\operatorname{erf} z`, with weights of variance 1.5^2 / fan_in.

    A sigmoid like tanh, and with a dual in closed form. The weights are the sine's, which are about
    tanh's brought to its slope.

    Williams, "Computing with infinite networks", 1996.
    """

    weight_variance = 1.5**2

    def forward(self, z):
        """Evaluate erf(z)."""
        return torch.erf(z)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw normal weights of standard deviation 1.5 / sqrt(fan_in), and zero biases."""
        return normal(linear, 1.5 / math.sqrt(linear.in_features), generator)

    def dual(self, c, a, b):
        r"""Evaluate, with :math:`D = (1 + 2a)(1 + 2b) - 4c^2`, the moments.

        .. math:: \kappa = \frac{2}{\pi} \arctan \frac{2c}{\sqrt D}, \quad
                  \dot\kappa = \frac{4}{\pi \sqrt D}
        """
        root = np.sqrt(self._determinant(c, a, b))
        return 2 / math.pi * np.arctan2(2 * c, root), 4 / math.pi / root

    def dual_curvature(self, c, a, b):
        r"""Evaluate :math:`\ddot\kappa = 16 c / (\pi D^{3/2})`."""
        return 16 / math.pi * c / self._determinant(c, a, b) ** 1.5

    def _determinant(self, c, a, b):
        return 1 + 2 * (a + b) + 4 * np.maximum(a * b - c * c, 0)


class SIREN(Activation):
    r"""The fast sine of SIREN, :math:`\sin(\omega_0 z)`, with SIREN's initialization.

    Parameters
    ----------
    omega_0 : float, default=30.0
        Frequency of the sine, in radians per unit of z.

    References
    ----------
    Sitzmann, Martel, Bergman, Lindell and Wetzstein, "Implicit neural representations with
    periodic activation functions", 2020.
    """

    def __init__(self, omega_0: float = 30.0) -> None:
        super().__init__()
        self.omega_0 = _positive(omega_0, "omega_0")

    def extra_repr(self):
        """Name the parameter."""
        return f"omega_0={self.omega_0:g}"

    def forward(self, z):
        """Evaluate sin(omega_0 z)."""
        return torch.sin(self.omega_0 * z)

    def initialize(self, linear, *, first, generator):
        """Draw uniform weights: within 1 / fan_in first, then sqrt(6 / fan_in) / omega_0."""
        fan_in = linear.in_features
        bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / self.omega_0
        nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
        nn.init.uniform_(linear.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in), generator)
        return bound**2 / 3, 1 / (3 * fan_in)


class Gaussian(Activation):
    r"""The Gaussian bell, :math:`\exp(-z^2 / (2 s^2))`, with torch's initialization.

    Parameters
    ----------
    width : float, default=0.1
        s.

    References
    ----------
    Ramasinghe and Lucey, "Beyond periodicity: towards a unifying framework for activations in
    coordinate-MLPs", 2022.
    """

    weight_variance = 1 / 3

    def __init__(self, width: float = 0.1) -> None:
        super().__init__()
        self.width = _positive(width, "width")

    def extra_repr(self):
        """Name the parameter."""
        return f"width={self.width:g}"

    def forward(self, z):
        """Evaluate exp(-z^2 / (2 s^2))."""
        return torch.exp(-0.5 * (z / self.width) ** 2)

    def dual(self, c, a, b):
        r"""Evaluate, with :math:`D = (s^2 + a)(s^2 + b) - c^2`, the moments.

        .. math:: \kappa = s^2 / \sqrt D, \quad \dot\kappa = s^2 c / D^{3/2}
        """
        determinant = self._determinant(c, a, b)
        value = self.width**2 / np.sqrt(determinant)
        return value, value * c / determinant

    def dual_curvature(self, c, a, b):
        r"""Evaluate :math:`\ddot\kappa = s^2 (D + 3c^2) / D^{5/2}`."""
        determinant = self._determinant(c, a, b)
        return self.width**2 * (determinant + 3 * c * c) / determinant**2.5

    def _determinant(self, c, a, b):
        square = self.width**2
        return square * (square + (a + b)) + np.maximum(a * b - c * c, 0)


def he(linear, generator):
    """Draw normal weights of variance 2 / fan_in and zero biases; return the variances.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    """
    return normal(linear, math.sqrt(2) / math.sqrt(linear.in_features), generator)


def normal(linear, deviation, generator):
    """Draw normal weights of that deviation and zero biases; return the variances."""
    nn.init.normal_(linear.weight, std=deviation, generator=generator)
    nn.init.zeros_(linear.bias)
    return deviation**2, 0.0


def torch_default(linear, generator):
    """Draw weights and biases within 1 / sqrt(fan_in), as torch does; return the variances."""
    bound = 1 / math.sqrt(linear.in_features)
    nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
    nn.init.uniform_(linear.bias, -bound, bound, generator)
    return bound**2 / 3, bound**2 / 3


def _positive(value, name):
    """Return a parameter as a float, or refuse it."""
    if not (isinstance(value, Real) and 0 < float(value) < math.inf):
        raise ValueError(f"{name} must be a positive number. Got {value!r}.")
    return float(value)


def _angle(c, a, b):
    """Return cosine and sine of the angle between two vectors, and the product of their lengths."""
    length = np.sqrt(a) * np.sqrt(b)  # and not of the product, which leaves the range of floats
    # A vector of length 0 is perpendicular to all others; rounding may leave [-1, 1].
    cosine = c / np.maximum(length, np.finfo(c.dtype).tiny)
    np.clip(cosine, -1, 1, out=cosine)
    # (1 - u)(1 + u) and not 1 - u^2, which loses the digits of u near 1.
    sine = 1 - cosine
    sine *= 1 + cosine
    return cosine, np.sqrt(sine, out=sine), length


ACTIVATIONS = {cls.__name__.lower(): cls for cls in (ReLU, GELU, Tanh, Sine, Erf, SIREN, Gaussian)}
# Those whose infinitely wide networks have kernels in closed form.
DUALS = {name: cls for name, cls in ACTIVATIONS.items() if cls.dual is not Activation.dual}
