"""The size of the blocks in which batches and predictions pass through the network."""

from pathlib import Path

import torch

_CACHE_FILE = Path("/sys/devices/system/cpu/cpu0/cache/index2/size")  # "512K"
# Where there is no such file, in bytes.
_USUAL_CACHE = 2**20
# An accelerator wants all the rows it can have; these take it about 1 GB with the default network.
_ROWS_ON_ACCELERATOR = 65_536
# Below it the calls take longer than the arithmetic, above it memory is all that changes.
_MIN_ROWS, _MAX_ROWS = 256, 16_384


def block_rows(network):
    """Choose how many rows pass through the network at once.

    On a CPU each thread's share of one layer's activations fills its core's second-level cache, so
    that a layer finds there most of what the layer before has left. The memory of a step or of
    a prediction does not grow with the number of rows then either.

    Parameters
    ----------
    network : CoordinateNetwork

    Returns
    -------
    int
    """
    weight = network.output.weight
    if weight.device.type != "cpu":
        return _ROWS_ON_ACCELERATOR
    width = max(layer.out_features for layer in network.linear_layers)
    rows = torch.get_num_threads() * _cache_bytes() // (width * weight.itemsize)
    return min(max(rows, _MIN_ROWS), _MAX_ROWS)


def _cache_bytes():
    """Read the size of a core's second-level cache; Linux alone tells it."""
    try:
        return int(_CACHE_FILE.read_text().strip().removesuffix("K")) * 1024
    except (OSError, ValueError):
        return _USUAL_CACHE
