"""Blocks of rows that fit in scikit-learn's working memory."""

from sklearn import get_config
from sklearn.utils import gen_batches

# Larger blocks are not faster, so that no more is taken of the 1,024 MiB that are the default.
_MAX_BLOCK_MIB = 64


def row_blocks(n_rows, bytes_per_row):
    """Yield slices of rows, as many at once as the working memory allows.

    Parameters
    ----------
    n_rows : int
    bytes_per_row : int
        What the work on one row needs for its intermediate results.

    Yields
    ------
    slice
        One row at least. A block needs at most 64 MiB, or
        ``sklearn.get_config()["working_memory"]`` MiB where that is less.

    Examples
    --------
    >>> from sklearn import config_context
    >>> from skfourier._blocks import row_blocks
    >>> with config_context(working_memory=1):
    ...     list(row_blocks(5, bytes_per_row=2**19))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    mebibytes = min(_MAX_BLOCK_MIB, get_config()["working_memory"])
    rows_at_once = max(1, int(mebibytes * 2**20 // bytes_per_row))
    return gen_batches(n_rows, rows_at_once) if n_rows else iter(())
