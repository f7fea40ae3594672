"""The number of rows in a step, and of steps in a training."""

import math

# What "auto" stands for: with the default network about 10 s on two cores, whatever the number of
# rows. Chosen by the PSNR reached in that time on photographs (docs/performance.md).
_AUTO_BATCH_ROWS = 1024
_AUTO_STEPS = 500


def rows_per_step(batch_size, n_samples):
    """Resolve `batch_size`: a number, "auto" or "full"."""
    if batch_size == "full":
        return n_samples
    return min(n_samples, _AUTO_BATCH_ROWS if batch_size == "auto" else batch_size)


def steps_per_epoch(batch_size, sizes):
    """Count the steps of one pass over the rows.

    Parameters
    ----------
    batch_size : int or str
        Rows of all processes in one step.
    sizes : list of int
        Rows of each process. No step is without a row: the largest has one for each.
    """
    n_samples = sum(sizes)
    return min(math.ceil(n_samples / rows_per_step(batch_size, n_samples)), max(sizes))


def rows_of_steps(sizes, n_steps):
    """Count the rows of all processes in each step, where each splits its own evenly."""
    return [sum(n // n_steps + (step < n % n_steps) for n in sizes) for step in range(n_steps)]


def epochs(max_iter, batch_size, sizes):
    """Resolve `max_iter`: a number, or "auto" for as many epochs as make 500 steps."""
    if max_iter != "auto":
        return max_iter
    return math.ceil(_AUTO_STEPS / steps_per_epoch(batch_size, sizes))


def check_normalized_batches(batch_size, n_samples):
    """Check that batch normalization meets no batch of one sample.

    Raises
    ------
    ValueError
        If it does: there is nothing to compare the sample with.
    """
    if n_samples // steps_per_epoch(batch_size, [n_samples]) < 2:
        raise ValueError(
            f"batch_norm compares the samples of a batch and needs two or more in each. Got "
            f"n_samples={n_samples}, batch_size={batch_size!r}."
        )
