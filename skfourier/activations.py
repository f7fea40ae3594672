"""Activations of the coordinate network: one class each, with its forward pass and initialisation.

A new activation is one class here: the estimator finds it by its name in lower case.
"""

import math

import torch
from torch import nn


class Activation(nn.Module):
    """An activation, and how the layer before it is initialised."""

    def initialize(self, linear, *, first, generator):
        """Draw the weights of the linear layer that feeds this activation, in place.

        Parameters
        ----------
        linear : torch.nn.Linear
        first : bool
            Whether the layer reads the inputs of the network.
        generator : torch.Generator
        """
        raise NotImplementedError


class ReLU(Activation):
    r"""The rectifier, :math:`\max(z, 0)`, with torch's initialisation.

    On photographs a network on Fourier features learns a little faster from it than from He's.
    """

    def forward(self, z):
        """Evaluate max(z, 0)."""
        return torch.relu(z)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw weights and biases as torch's linear layer does."""
        torch_default(linear, generator)


class GELU(Activation):
    r"""The Gaussian error linear unit, :math:`z \Phi(z)`, with torch's initialisation.

    Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """

    def forward(self, z):
        r"""Evaluate z \Phi(z)."""
        return nn.functional.gelu(z)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw weights and biases as torch's linear layer does."""
        torch_default(linear, generator)


class Tanh(Activation):
    """The hyperbolic tangent, with Glorot's initialisation.

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


class Sine(Activation):
    r"""The sine at unit frequency, :math:`\sin z`, with weights of variance 1.5^2 / fan_in.

    On Fourier features, whose mean square is 1/2, the first layer's z then has about unit
    variance: the sine bends, but seldom beyond its first maximum. Chosen by measurement.
    """

    def forward(self, z):
        """Evaluate sin(z)."""
        return torch.sin(z)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw normal weights of standard deviation 1.5 / sqrt(fan_in), and zero biases."""
        nn.init.normal_(linear.weight, std=1.5 / math.sqrt(linear.in_features), generator=generator)
        nn.init.zeros_(linear.bias)


class SIREN(Activation):
    r"""The fast sine of SIREN, :math:`\sin(30 z)`, with SIREN's initialisation.

    Sitzmann, Martel, Bergman, Lindell and Wetzstein, "Implicit neural representations with
    periodic activation functions", 2020.
    """

    omega_0 = 30.0

    def forward(self, z):
        """Evaluate sin(30 z)."""
        return torch.sin(self.omega_0 * z)

    def initialize(self, linear, *, first, generator):
        """Draw uniform weights: within 1 / fan_in first, then sqrt(6 / fan_in) / 30."""
        fan_in = linear.in_features
        bound = 1 / fan_in if first else math.sqrt(6 / fan_in) / self.omega_0
        nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
        nn.init.uniform_(linear.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in), generator)


class Gaussian(Activation):
    r"""The bell, :math:`\exp(-z^2 / (2 s^2))` with s = 0.1, with torch's own initialisation.

    Ramasinghe and Lucey, "Beyond periodicity: towards a unifying framework for activations in
    coordinate-MLPs", 2022.
    """

    width = 0.1

    def forward(self, z):
        """Evaluate exp(-z^2 / (2 s^2))."""
        return torch.exp(-0.5 * (z / self.width) ** 2)

    def initialize(self, linear, *, first, generator):  # noqa: ARG002 (all layers alike)
        """Draw weights and biases as torch's linear layer does."""
        torch_default(linear, generator)


def he(linear, generator):
    """Draw normal weights of variance 2 / fan_in and zero biases, in place.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    """
    nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=generator)
    nn.init.zeros_(linear.bias)


def torch_default(linear, generator):
    """Draw weights and biases within 1 / sqrt(fan_in), as `torch.nn.Linear` does, in place."""
    nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
    bound = 1 / math.sqrt(linear.in_features)
    nn.init.uniform_(linear.bias, -bound, bound, generator)


ACTIVATIONS = {cls.__name__.lower(): cls for cls in Activation.__subclasses__()}
