"""The network: a plain sequence of named torch modules, from coordinates to the units of y."""

import math
from collections import OrderedDict
from itertools import pairwise

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from skfourier.activations import ACTIVATIONS, he, torch_default

OUTPUT_ACTIVATIONS = {"identity": nn.Identity, "sigmoid": nn.Sigmoid}
INITIALIZATIONS = ("auto", "he", "torch")


class FourierEmbedding(nn.Module):
    """Equation 3 inside the network; it saves its frequencies with the weights.

    The same as `skfourier.spectra._features.fourier_features`, which is without torch.
    """

    frequencies: torch.Tensor
    amplitudes: torch.Tensor

    def __init__(self, frequencies, amplitudes, dtype):
        super().__init__()
        self.register_buffer("frequencies", torch.tensor(frequencies, dtype=torch.float64))
        self.register_buffer("amplitudes", torch.tensor(amplitudes, dtype=dtype))
        self.unit = bool(torch.all(self.amplitudes == 1))

    def forward(self, X):
        """Map (n_samples, n_features) to (n_samples, 2 * n_frequencies)."""
        # Whole cycles go while the phases have X's own precision, so that float64 coordinates
        # far from the origin (map projections, time stamps) survive a network in float32.
        phases = X @ self.frequencies.T.to(X.dtype)
        phases = 2 * math.pi * (phases - phases.detach().round()).to(self.amplitudes.dtype)
        if self.training and not phases.requires_grad:
            # In place, which takes half the time, but neither gradients nor torch.func go through.
            waves = phases.new_empty((*phases.shape, 2))
            torch.cos(phases, out=waves[..., 0])
            torch.sin(phases, out=waves[..., 1])
        else:
            waves = torch.stack((torch.cos(phases), torch.sin(phases)), dim=-1)
        return (waves if self.unit else waves * self.amplitudes[:, None]).flatten(start_dim=1)


class RawCoordinates(nn.Module):
    """No embedding: coordinates as they are, in the network's precision."""

    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, X):
        """Convert to the network's precision."""
        return X.to(self.dtype)


class Linear(nn.Linear):
    """torch's linear layer, which remembers how widely its weights were drawn."""

    #: The variances of each weight and of each bias before training.
    initial_variances: tuple[float, float]


class TargetScaling(nn.Module):
    """From standardised targets back to the units, and the dtype, of y."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean, scale):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("scale", torch.tensor(scale))

    @classmethod
    def of(cls, y, weight):
        """Take the weighted mean and standard deviation of each column of y.

        Raises
        ------
        ValueError
            If y is so large that differences overflow.
        """
        # Squares of very large or small targets would overflow: their size is taken out first.
        size = np.abs(y).max(axis=0)
        size[size == 0] = 1
        if size.max() > np.finfo(y.dtype).max / 4:
            raise ValueError(
                f"y is too large for {y.dtype} (up to {size.max():g}): differences overflow. Scale "
                f"y."
            )
        scaler = StandardScaler().fit(y / size, sample_weight=weight)
        return cls((scaler.mean_ * size).astype(y.dtype), (scaler.scale_ * size).astype(y.dtype))

    @classmethod
    def none(cls, y):
        """Leave targets like y as they are."""
        return cls(np.zeros(y.shape[1], y.dtype), np.ones(y.shape[1], y.dtype))

    def forward(self, standardised):
        """Multiply by the scale and add the mean."""
        return standardised.to(self.scale.dtype) * self.scale + self.mean


def build_network(
    n_inputs,
    n_outputs,
    *,
    hidden_layer_sizes,
    activation,
    batch_norm,
    output_activation,
    initialization,
    embedding,
    scaling,
    dtype,
    generator,
):
    """Build the network and draw its weights from `generator`.

    Its parts are named: embedding, then linear1, activation1 and normalization1 for each hidden
    layer, then output, output_activation and scaling. All but the last are trained.

    Parameters
    ----------
    n_inputs, n_outputs : int
    hidden_layer_sizes : sequence of int
    activation, output_activation, initialization : str
    batch_norm : bool
        Normalise after each activation, as the paper does.
    embedding : FourierEmbedding or RawCoordinates
    scaling : TargetScaling
    dtype : torch.dtype
    generator : torch.Generator

    Returns
    -------
    torch.nn.Sequential
    """
    layers = OrderedDict(embedding=embedding)
    for depth, (fan_in, width) in enumerate(pairwise((n_inputs, *hidden_layer_sizes)), start=1):
        linear = nn.utils.skip_init(Linear, fan_in, width, dtype=dtype)
        nonlinearity = ACTIVATIONS[activation]()
        linear.initial_variances = _initialize(
            linear, initialization, nonlinearity, depth == 1, generator
        )
        layers[f"linear{depth}"] = linear
        layers[f"activation{depth}"] = nonlinearity
        if batch_norm:
            layers[f"normalization{depth}"] = nn.BatchNorm1d(width, dtype=dtype)
    last_width = (n_inputs, *hidden_layer_sizes)[-1]
    output = nn.utils.skip_init(Linear, last_width, n_outputs, dtype=dtype)
    # No activation follows that would want another scale.
    draw = he if initialization == "he" else torch_default
    output.initial_variances = draw(output, generator)
    layers["output"] = output
    layers["output_activation"] = OUTPUT_ACTIVATIONS[output_activation]()
    layers["scaling"] = scaling
    return nn.Sequential(layers)


def _initialize(linear, initialization, activation, first, generator):
    if initialization == "auto":
        return activation.initialize(linear, first=first, generator=generator)
    return (he if initialization == "he" else torch_default)(linear, generator)
