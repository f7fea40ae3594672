"""Predictions in blocks, so that their memory does not grow with the number of rows."""

import numpy as np
import torch
from sklearn.utils import gen_batches

from skfourier.training._samples import as_tensor

# Rows that pass through the network at once: their activations stay near the cache, and the
# memory of a step or of a prediction does not grow with the number of rows.
BLOCK_ROWS = 4096


def predict(network, X):
    """Evaluate the network at coordinates.

    Parameters
    ----------
    network : torch.nn.Sequential
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    network.eval()
    device = network.scaling.mean.device
    with torch.inference_mode():
        return np.concatenate(
            [
                network(as_tensor(X[rows], device)).cpu().numpy()
                for rows in gen_batches(len(X), BLOCK_ROWS)
            ]
        )


def predict_gradient(network, X):
    """Differentiate the network by the coordinates, one backward pass for each output.

    Parameters
    ----------
    network : torch.nn.Sequential
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    ndarray of shape (n_samples, n_outputs, n_features)
    """
    network.eval()
    device = network.scaling.mean.device
    return np.concatenate(
        [
            _slopes(network, as_tensor(X[rows], device)).cpu().numpy()
            for rows in gen_batches(len(X), BLOCK_ROWS)
        ]
    )


def _slopes(network, X):
    # Rows do not meet in evaluation, so that the gradient of a sum over rows is that of each row.
    # (torch's forward differentiation would do with one pass for each coordinate; in torch 2.13 it
    # warns of its own deprecated parts.)
    X.requires_grad_()
    sums = network(X).sum(dim=0)
    slopes = [torch.autograd.grad(total, X, retain_graph=True)[0] for total in sums]
    return torch.stack(slopes, dim=1)
