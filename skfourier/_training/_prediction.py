"""Predictions and their gradients in blocks, so that memory does not grow with the rows."""

import numpy as np
import torch
from sklearn.utils import gen_batches

from skfourier._training._blocks import block_rows
from skfourier._training._samples import as_tensor


def predict(network, X):
    """Evaluate the network at coordinates.

    Parameters
    ----------
    network : CoordinateNetwork
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    with torch.inference_mode():
        return _in_blocks(network, network, X)


def predict_gradient(network, X):
    """Differentiate the network by the coordinates, one backward pass for each output.

    Parameters
    ----------
    network : CoordinateNetwork
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_features)
    """

    def slopes(X):
        # Rows do not meet in evaluation: the gradient of a sum over rows is that of each row.
        # (torch's forward differentiation would do with one pass for each coordinate, but warns,
        # in torch 2.13, of deprecated parts of its own.)
        X.requires_grad_()
        sums = network.unscaled(X).sum(dim=0)
        slopes = [torch.autograd.grad(s, X, retain_graph=True)[0] for s in sums]
        # In the dtype of y, as float32 may not hold its scale.
        scale = network.scaling.scale
        return torch.stack(slopes, dim=1).to(scale.dtype) * scale[:, None]

    return _in_blocks(slopes, network, X)


def _in_blocks(function, network, X):
    """Evaluate a function of blocks of coordinates, where the network is."""
    network.eval()
    device = network.scaling.mean.device
    return np.concatenate(
        [
            function(as_tensor(X[rows], device)).cpu().numpy()
            for rows in gen_batches(len(X), block_rows(network))
        ]
    )
