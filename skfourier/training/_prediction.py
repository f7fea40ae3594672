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
