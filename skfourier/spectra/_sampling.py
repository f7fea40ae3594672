"""Samplers: points in the unit cube, which quantile functions turn into frequencies."""

import numpy as np
from scipy.stats import ortho_group, qmc

SAMPLINGS = ("random", "orthogonal", "sobol")


def uniform_points(n_points, n_columns, random_state):
    """Draw independent points, uniform in the open unit cube."""
    return _open(random_state.uniform(size=(n_points, n_columns)))


def sobol_points(n_points, n_columns, random_state):
    """Draw a scrambled Sobol sequence: points that keep their distance from one another.

    The number drawn is rounded up to a power of two, the sequence's own period, and cut.
    """
    rng = np.random.default_rng(random_state.randint(np.iinfo(np.int32).max))
    sequence = qmc.Sobol(n_columns, rng=rng)
    return _open(sequence.random_base2(max(n_points - 1, 1).bit_length())[:n_points])


def orthogonal_directions(n_directions, n_columns, random_state):
    """Draw unit vectors, orthogonal to one another within each block of `n_columns` of them.

    Yu, Suresh, Choromanski, Holtmann-Rice and Kumar, "Orthogonal random features", 2016.
    """
    n_blocks = -(-n_directions // n_columns)
    if n_columns == 1:  # the orthogonal group of the line: plus and minus one
        blocks = random_state.choice([-1.0, 1.0], size=(n_blocks, 1, 1))
    else:
        blocks = ortho_group.rvs(n_columns, size=n_blocks, random_state=random_state)
    return blocks.reshape(-1, n_columns)[:n_directions]


def _open(points):
    """Move points off the faces of the cube, where quantile functions are infinite."""
    margin = np.finfo(float).epsneg
    return np.clip(points, margin, 1 - margin)
