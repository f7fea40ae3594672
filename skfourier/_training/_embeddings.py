"""The first part of the network: Fourier features, the coordinates alone, or the user's own."""

import math

import numpy as np
import torch
from torch import nn

from skfourier._blocks import row_blocks
from skfourier._training import _processes as processes
from skfourier._training._samples import as_tensor


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
        # Whole cycles go in float64, so that coordinates far from the origin (map projections, time
        # stamps) survive a network in float32; and `torch.set_float32_matmul_precision`, which
        # suits layers, would leave phases three digits.
        phases = X.to(self.frequencies.dtype) @ self.frequencies.T
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


def check_embedding(embedding, X):
    """Let a fitted embedding check coordinates, as its `transform` does: those farthest out.

    Parameters
    ----------
    embedding : transformer or None
    X : ndarray of shape (n_samples, n_features)

    Raises
    ------
    ValueError
        If the embedding refuses them.
    """
    if embedding is not None:
        for rows in row_blocks(len(X), 2 * X.itemsize * X.shape[1]):
            embedding.transform(X[rows][np.unique(np.abs(X[rows]).argmax(axis=0))])


def embedding_module(embedding, dtype):
    """Turn a fitted embedding into the first part of a network.

    Parameters
    ----------
    embedding : transformer with `to_module`, or None
    dtype : torch.dtype
        Of the network.

    Returns
    -------
    torch.nn.Module
    """
    return RawCoordinates(dtype) if embedding is None else embedding.to_module(dtype)


def count_features(module, X):
    """Count the columns that a module makes of coordinates, the same function in all processes.

    Raises
    ------
    ValueError
        If the module makes no matrix of as many rows, or depends on the rows that its process has.
    """
    rows = processes.of_first(lambda: X[:2])
    with torch.no_grad():
        features = module.eval()(as_tensor(rows, "cpu"))
    if features.ndim != 2 or len(features) != len(rows):
        raise ValueError(
            f"The module of an embedding must map (n_samples, {X.shape[1]}) to (n_samples, "
            f"n_features_out). Of {len(rows)} rows it made shape {tuple(features.shape)}."
        )
    if processes.count() > 1:
        first = processes.of_first(features.numpy)
        if not all(processes.each(np.allclose(features, first))):
            raise ValueError(
                "The embedding has learned something else in each process, from the rows there. "
                "Set the parameters that it finds itself, its random_state among them."
            )
    return features.shape[1]


def chooses_sigma(embedding):
    """Return whether an embedding leaves its parameter `sigma` to the network."""
    sigma = getattr(embedding, "sigma", None)
    return isinstance(sigma, str) and sigma in ("auto", "auto_per_axis")


def sigma_directions(embedding, sigma):
    """List which columns' sigmas are varied together: all, then each kind of columns apart.

    Parameters
    ----------
    embedding : transformer
        With sigma="auto", for which one direction will do, or "auto_per_axis".
    sigma : ndarray of shape (n_features,)
        By the spacing of the rows; columns of equal spacing stay together.

    Returns
    -------
    list of ndarray of shape (n_features,), of zeros and ones
    """
    together = np.ones(len(sigma), dtype=int)
    if embedding.sigma == "auto":
        return [together]
    kinds = np.unique(np.round(np.log(sigma), 2))
    return [
        together,
        *(np.isclose(np.log(sigma), kind, atol=0.01) * together for kind in kinds[1:]),
    ]
