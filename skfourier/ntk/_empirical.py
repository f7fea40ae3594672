"""The neural tangent kernel of a fitted network: equation 1."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skfourier._sklearn import check_new_rows, known_name
from skfourier._training._embeddings import check_embedding
from skfourier._training._samples import as_tensor
from skfourier._training._torch_modes import own_torch_modes
from skfourier.ntk._gradients import numbers_per_sample, sample_gradients

PARAMETRIZATIONS = ("standard", "ntk")
OUTPUTS = ("mean", "full")
_MAX_BYTES = 2**33
# Of the gradients at a block's rows; and rows whose products with as many others take 16 MiB in
# float32. The passes through the network, repeated for each pair of blocks, take little then.
_BLOCK_BYTES, _BLOCK_ROWS = 2**28, 2048


@own_torch_modes()
def empirical_ntk(
    estimator: Any,
    X: Any,
    Y: Any = None,
    *,
    parametrization: str = "standard",
    outputs: str = "mean",
) -> NDArray[Any]:
    r"""Evaluate the neural tangent kernel of a fitted network: equation 1.

    .. math:: \Theta(x, x')_{kl} = \sum_p v_p \frac{\partial f_k(x)}{\partial \theta_p}
              \frac{\partial f_l(x')}{\partial \theta_p}

    How far a small step of gradient descent on output l at x' moves output k at x. The outputs f
    are those of the standardized targets: before they are scaled to the units of y. Batch
    normalization is that of predictions, with its statistics held.

    Parameters
    ----------
    estimator : CoordinateMLPRegressor or Pipeline
        Fitted; a pipeline ends in such a network, and its other steps transform X and Y. For the
        kernel before any training take ``max_iter=0``.
    X : array-like of shape (n_samples_X, n_features)
    Y : array-like of shape (n_samples_Y, n_features), default=None
        X if None.
    parametrization : {"standard", "ntk"}, default="standard"
        v is 1, or each parameter's variance before training: gradient descent on parameters that
        are drawn with variance 1 and multiplied by their deviation. Batch normalization's start as
        constants: variance 0.
    outputs : {"mean", "full"}, default="mean"
        The mean over the outputs of the kernel of each with itself (the trace divided by their
        number); or every pair of them.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y), or with "full" \
            (n_samples_X, n_samples_Y, n_outputs, n_outputs)
        In the precision of the network.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError
        If it is not such a network; if X or Y is not finite or has other columns than in `fit`;
        if the kernel is too large (with the bytes it would take); if a name is unknown.

    Notes
    -----
    With "ntk" the kernel of an untrained network tends, as its layers get wide, to
    ``NeuralTangentKernel(n_hidden_layers, activation, base=features.induced_kernel())``: on
    Fourier features of amplitude 1, without batch normalization and output activation, and with
    ``initialization="he"`` for "relu". Features of another length are scaled: of unit length, the
    rectifier's kernel is 1 / n_frequencies of it. Other weights of the output layer are a factor:
    with the default initialization of "sine" and "erf" it is (1/3) / 1.5^2.

    References
    ----------
    Jacot, Gabriel and Hongler, "Neural tangent kernel: convergence and generalization in neural
    networks", 2018.

    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", equation 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
    >>> from skfourier.ntk import empirical_ntk
    >>> X = np.linspace(0, 1, 100, endpoint=False).reshape(-1, 1)
    >>> network = CoordinateMLPRegressor(embedding=FourierFeatures(3), random_state=0, max_iter=0)
    >>> before = empirical_ntk(network.fit(X, np.sin(9 * X[:, 0])), X)
    >>> before.shape
    (100, 100)
    """
    known_name(parametrization, PARAMETRIZATIONS, "parametrization")
    known_name(outputs, OUTPUTS, "outputs")
    network, X = network_and_coordinates(estimator, X)
    Y = X if Y is None else network_and_coordinates(estimator, Y)[1]
    network.eval()
    full = outputs == "full"
    kernel = _empty(network, len(X), len(Y), full)
    for rows, columns, block in _blocks(network, X, Y, parametrization, full):
        kernel[rows, columns] = block
        if Y is X:
            kernel[columns, rows] = _swapped(block)
    if not full:
        kernel /= network.output.out_features
    if not np.all(np.isfinite(kernel)):
        raise ValueError(
            f"The kernel overflows {kernel.dtype}: the network's weights, or X, are too large."
        )
    return kernel


def network_and_coordinates(estimator, X):
    """Return the network inside a fitted estimator, and X as it reads it.

    Parameters
    ----------
    estimator : CoordinateMLPRegressor or Pipeline
    X : array-like of shape (n_samples, n_features)

    Returns
    -------
    network : CoordinateNetwork
    X : ndarray of shape (n_samples, n_features of the network)

    Raises
    ------
    NotFittedError, ValueError
        As `empirical_ntk`.
    """
    last = estimator[-1] if isinstance(estimator, Pipeline) and len(estimator) else estimator
    if not all(hasattr(last, name) for name in ("embedding", "output_activation", "fit")):
        raise ValueError(
            f"The estimator must be a fitted CoordinateMLPRegressor, or a Pipeline that ends in "
            f"one (of a search: its best_estimator_). Got {estimator!r}."
        )
    check_is_fitted(last)
    if last is not estimator and len(estimator) > 1:
        X = estimator[:-1].transform(X)
    X = check_new_rows(last, X)
    check_embedding(last.embedding_, X)
    return last.module_, X


def _blocks(network, X, Y, parametrization, full):
    """Yield slices of rows and columns and the kernel there; if Y is X, of each pair once."""
    device = network.output.weight.device

    def gradients(Z, rows):
        return sample_gradients(network, as_tensor(Z[rows], device), parametrization)

    n_rows = _block_rows(network, full)
    for rows in gen_batches(len(X), n_rows):
        left = gradients(X, rows)
        for columns in gen_batches(len(Y), n_rows):
            diagonal = Y is X and columns == rows
            if Y is X and columns.start < rows.start:
                continue
            right = left if diagonal else gradients(Y, columns)
            pairs = zip(left, right, strict=True)
            block = sum(ours.products(theirs, full=full) for ours, theirs in pairs).cpu().numpy()
            # Products in another order may differ in the last bit.
            yield rows, columns, (block + _swapped(block)) / 2 if diagonal else block


def _block_rows(network, full):
    """Choose how many rows' gradients are held at once."""
    bytes_per_row = numbers_per_sample(network) * network.output.weight.itemsize
    most = _BLOCK_ROWS // network.output.out_features if full else _BLOCK_ROWS
    return max(1, min(most, _BLOCK_BYTES // bytes_per_row))


def _swapped(block):
    """Swap the samples, and with them the outputs."""
    return block.T if block.ndim == 2 else block.transpose(1, 0, 3, 2)


def _empty(network, n_rows, n_columns, full):
    """Allocate the kernel, or say that it is too large."""
    n_outputs, dtype = network.output.out_features, network.output.weight.dtype
    shape = (n_rows, n_columns, n_outputs, n_outputs) if full else (n_rows, n_columns)
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes > _MAX_BYTES:
        raise ValueError(
            f"The kernel of {n_rows:,} x {n_columns:,} samples"
            + (f" and {n_outputs} x {n_outputs} outputs" if full else "")
            + f" takes {n_bytes * 1e-9:.1f} GB; the limit is {_MAX_BYTES * 1e-9:.1f} GB. Take "
            f"fewer samples, or blocks of them: empirical_ntk(estimator, X[:1000], X)"
            + ("; or outputs='mean'." if full else ".")
        )
    return np.empty(shape, dtype=str(dtype).removeprefix("torch."))
