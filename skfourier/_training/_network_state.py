"""A network as arrays, and rebuilt of them."""

from itertools import pairwise

import numpy as np
import torch

from skfourier._training._embeddings import embedding_module
from skfourier._training._network import TargetScaling, build_network, checked_widths


def network_state(network):
    """Return the arrays of a network, and how widely its weights were drawn.

    Parameters
    ----------
    network : CoordinateNetwork

    Returns
    -------
    dict
    """
    variances = [layer.initial_variances for layer in network.linear_layers]
    return {
        "weights": {name: t.cpu().numpy() for name, t in network.state_dict().items()},
        "initial_variances": [v if v is None else tuple(map(float, v)) for v in variances],
    }


def restored_network(state, n_features, *, hidden_layer_sizes, embedding, dtype, **shapes):
    """Rebuild a network, on the CPU.

    Parameters
    ----------
    state : State
        Of what `network_state` returned.
    n_features : int
        Columns of X.
    hidden_layer_sizes : int or sequence of int
    embedding : FourierFeatures or None
        Fitted.
    dtype : torch.dtype
    **shapes
        As in `build_network`.

    Returns
    -------
    CoordinateNetwork

    Raises
    ------
    ValueError
        If arrays are missing, or of another shape or dtype.
    """
    weights, module = state.part("weights"), embedding_module(embedding, dtype)
    if embedding is not None and embedding.n_features_in_ != n_features:
        raise ValueError(f"the embedding takes {embedding.n_features_in_} columns")
    n_inputs = n_features if embedding is None else 2 * len(embedding.frequencies_)
    arrays = _arrays_of_layers(weights, n_inputs, checked_widths(hidden_layer_sizes), _numpy(dtype))
    mean, scale = arrays["scaling.mean"], arrays["scaling.scale"]
    network = build_network(
        n_inputs,
        len(mean),
        hidden_layer_sizes=hidden_layer_sizes,
        initialization=_leave_undrawn,
        embedding=module,
        scaling=TargetScaling(mean, scale),
        dtype=dtype,
        generator=None,
        **shapes,
    )
    for name, tensor in network.state_dict().items():
        if name not in arrays:
            arrays[name] = weights.array(name, tuple(tensor.shape), _numpy(tensor.dtype))
    weights.finish()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    _restore_variances(network, state.take("initial_variances", list))
    state.finish()
    return network.eval()


def _arrays_of_layers(weights, n_inputs, widths, dtype):
    """Take scaling and matrices, before memory is taken for layers of such widths."""
    mean = weights.array("scaling.mean", (None,), np.float32, np.float64)
    scale = weights.array("scaling.scale", mean.shape, mean.dtype)
    names = [*(f"linear{depth}" for depth in range(1, len(widths) + 1)), "output"]
    shapes = zip(names, pairwise([n_inputs, *widths, len(mean)]), strict=True)
    return {
        "scaling.mean": mean,
        "scaling.scale": scale,
        **{
            f"{name}.weight": weights.array(f"{name}.weight", (width, fan_in), dtype)
            for name, (fan_in, width) in shapes
        },
    }


def _restore_variances(network, variances):
    for layer, pair in zip(network.linear_layers, variances, strict=True):
        if pair is not None and not (len(pair) == 2 and all(type(v) is float for v in pair)):
            raise ValueError(f"initial_variances holds {pair!r:.60}")
        layer.initial_variances = pair


def _leave_undrawn(linear, generator):
    """Draw nothing: the weights of the file follow."""


def _numpy(dtype):
    """Return NumPy's name of a dtype of torch's."""
    return torch.empty(0, dtype=dtype).numpy().dtype
