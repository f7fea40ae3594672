"""How far along an axis a kernel of unit scale reaches, and how far its density."""

import math

import numpy as np
from sklearn.base import clone

# Steps of 1 % over the thirteen to seventeen decades.
_N_LOGARITHMIC = 4096


def unit_reach(kernel, share):
    """Return the lag beyond which the kernel of unit scale stays below `share`, on one axis."""
    lag = np.geomspace(1e-3, 1e9, _N_LOGARITHMIC)
    value = np.abs(clone(kernel).set_params(sigma=1.0).evaluate(lag[:, None]))
    above = np.flatnonzero(value > share)
    if not above.size:
        return lag[0]
    return lag[above[-1] + 1] if above[-1] + 1 < len(lag) else math.inf


def unit_cut(kernel, share):
    """Return the frequency beyond which `share` of the density of unit scale lies, on one axis.

    A kernel whose formula does not depend on the number of columns has, restricted to one axis,
    the kernel of one column: so the density of one column is the marginal one.
    """
    frequency = np.geomspace(1e-4, 1e13, _N_LOGARITHMIC)
    density = clone(kernel).set_params(sigma=1.0).density(frequency[:, None])
    # The trapezoid rule in the logarithm, from the far end inwards; both signs.
    panels = 2 * (density * frequency)[1:] * math.log(frequency[1] / frequency[0])
    beyond = np.append(np.cumsum(panels[::-1])[::-1], 0)
    # The last panel stands for what lies beyond the table: too much of it, and no cut is enough.
    return frequency[np.argmax(beyond <= share)] if panels[-1] <= share / 10 else math.inf
