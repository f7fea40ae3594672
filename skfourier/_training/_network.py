"""The network: a sequence of named torch modules, from coordinates to the units of y."""

import copy
from collections import OrderedDict
from itertools import pairwise

import numpy as np
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from skfourier._checks import chosen
from skfourier._training import _processes as processes
from skfourier.activations import ACTIVATIONS, Activation, he, torch_default

OUTPUT_ACTIVATIONS = {"identity": nn.Identity, "sigmoid": nn.Sigmoid}
INITIALIZATIONS = {"he": he, "torch": torch_default}


class CoordinateNetwork(nn.Sequential):
    """The network, whose parts have names.

    They are embedding, then linear1, activation1 and normalization1 for each hidden layer, then
    output, output_activation and scaling. All but the last are trained.
    """

    embedding: nn.Module

    @property
    def hidden(self):
        """The parts between embedding and output, as one module."""
        ends = ("embedding", "output", "output_activation", "scaling")
        return self._without(*ends)

    @property
    def unscaled(self):
        """The network to standardized targets: all but the scaling."""
        return self._without("scaling")

    @property
    def trains_embedding(self):
        """Whether the embedding has parameters that are trained too."""
        return next(self.embedding.parameters(), None) is not None

    @property
    def linear_layers(self):
        """The hidden linear layers and the output, in the order of the computation."""
        parts = (*self.hidden, self.output)
        return [part for part in parts if isinstance(part, nn.Linear)]

    def _without(self, *names):
        kept = [(name, part) for name, part in self.named_children() if name not in names]
        return nn.Sequential(OrderedDict(kept))


class Linear(nn.Linear):
    """torch's linear layer, which remembers how widely its weights were drawn."""

    #: The variances of each weight and of each bias before training; None if not known.
    initial_variances: tuple[float, float] | None


class TargetScaling(nn.Module):
    """From standardized targets back to the units, and the dtype, of y."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, mean, scale):
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("scale", torch.tensor(scale))

    @classmethod
    def of(cls, y, weight, output_activation):
        """Choose the scale of y, of all processes, that the network learns on.

        That is y as it is under a sigmoid; else the weighted mean and standard deviation of each
        column go.

        Raises
        ------
        ValueError
            If y leaves [0, 1] under a sigmoid, or is so large that differences overflow.
        """
        if output_activation == "sigmoid":
            low, high = np.min(ends := processes.each((y.min(), y.max()))), np.max(ends)
            if not (low >= 0 and high <= 1):
                raise ValueError(
                    f"output_activation='sigmoid' can only reach values in [0, 1]; y lies in "
                    f"[{low:g}, {high:g}]. Scale y, or take output_activation='identity'."
                )
            return cls(np.zeros(y.shape[1], y.dtype), np.ones(y.shape[1], y.dtype))
        # Squares of very large or small targets would overflow: their size is taken out first.
        size = np.max(processes.each(np.abs(y).max(axis=0)), axis=0)
        size[size == 0] = 1
        if size.max() > np.finfo(y.dtype).max / 4:
            raise ValueError(
                f"y is too large for {y.dtype} (up to {size.max():g}): differences overflow. Scale "
                f"y."
            )
        with np.errstate(invalid="ignore"):  # a variance below 0 by rounding is taken for 0
            scaler = StandardScaler().fit(y / size, sample_weight=weight)
        scaler = _pooled(scaler, len(y), weight)
        return cls((scaler.mean_ * size).astype(y.dtype), (scaler.scale_ * size).astype(y.dtype))

    def forward(self, standardized):
        """Multiply by the scale and add the mean."""
        return standardized.to(self.scale.dtype) * self.scale + self.mean


def _pooled(scaler, n_samples, weight):
    """Return the scaler of the rows of all processes, from that of this process's rows.

    Mean minus and plus the deviation are two rows with the mean and the variance of all.
    """
    if processes.count() == 1:
        return scaler
    deviation = np.sqrt(np.maximum(scaler.var_, 0))
    pair = [scaler.mean_ - deviation, scaler.mean_ + deviation]
    total = n_samples if weight is None else weight.sum()
    pairs, weights = zip(*processes.each((pair, total)), strict=True)
    return StandardScaler().fit(np.concatenate(pairs), sample_weight=np.repeat(weights, 2) / 2)


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

    Parameters
    ----------
    n_inputs, n_outputs : int
        Columns of what the embedding makes of X, and of y.
    hidden_layer_sizes : int or sequence of int
    activation : str or torch.nn.Module
    batch_norm : bool
        Normalize after each activation, as the paper does.
    output_activation : str
    initialization : str or callable
    embedding : torch.nn.Module
    scaling : TargetScaling
    dtype : torch.dtype
    generator : torch.Generator

    Returns
    -------
    CoordinateNetwork

    Raises
    ------
    ValueError
        If a width is no positive whole number, or a name is unknown.
    """
    widths = checked_widths(hidden_layer_sizes)
    draw = _drawing(initialization)
    template = chosen(activation, ACTIVATIONS, "activation")
    template = template() if isinstance(template, type) else template
    layers = OrderedDict(embedding=embedding)
    for depth, (fan_in, width) in enumerate(pairwise((n_inputs, *widths)), start=1):
        activation = copy.deepcopy(template).to(dtype)  # it may have parameters
        linear = nn.utils.skip_init(Linear, fan_in, width, dtype=dtype)
        linear.initial_variances = draw(linear, activation, depth == 1, generator)
        layers[f"linear{depth}"] = linear
        layers[f"activation{depth}"] = activation
        if batch_norm:
            layers[f"normalization{depth}"] = nn.BatchNorm1d(width, dtype=dtype)
    output = nn.utils.skip_init(Linear, (n_inputs, *widths)[-1], n_outputs, dtype=dtype)
    output.initial_variances = draw(output, None, False, generator)
    layers["output"] = output
    layers["output_activation"] = chosen(
        output_activation, OUTPUT_ACTIVATIONS, "output_activation"
    )()
    layers["scaling"] = scaling
    return CoordinateNetwork(layers)


def checked_widths(hidden_layer_sizes):
    """Return hidden_layer_sizes as a list of positive ints."""
    widths = np.atleast_1d(hidden_layer_sizes)
    if widths.size and (widths.ndim > 1 or widths.dtype.kind not in "iu" or widths.min() < 1):
        raise ValueError(
            f"hidden_layer_sizes must be positive whole numbers, the width of each hidden layer. "
            f"Got {hidden_layer_sizes!r}."
        )
    return widths.tolist()


def _drawing(initialization):
    """Return a function that draws the weights of a linear layer before some activation."""
    if initialization == "auto":
        return _draw_for_activation
    names = {"auto": _draw_for_activation, **INITIALIZATIONS}
    draw = chosen(initialization, names, "initialization")
    return lambda linear, activation, first, generator: draw(linear, generator)  # noqa: ARG005


def _draw_for_activation(linear, activation, first, generator):
    """Draw as the activation wants it; torch's way before others, and before none."""
    if isinstance(activation, Activation):
        return activation.initialize(linear, first=first, generator=generator)
    return torch_default(linear, generator)
