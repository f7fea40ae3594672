"""The reach of a kernel along an axis, and that of its spectral density."""

import math

import numpy as np

# Steps of 1 % over the thirteen to seventeen decades.
_N_LOGARITHMIC = 4096


def axis_reach(kernel, axis, n_features, share):
    """Return the lag along one axis beyond which the kernel stays below `share`."""
    scales = kernel.scales(n_features)[:, axis]
    lag = np.geomspace(1e-3 / scales.max(), 1e9 / scales.min(), _N_LOGARITHMIC)
    value = np.abs(kernel.marginal(axis, n_features).evaluate(lag[:, None]))
    above = np.flatnonzero(value > share)
    if not above.size:
        return lag[0]
    return lag[above[-1] + 1] if above[-1] + 1 < len(lag) else math.inf


def axis_cut(kernel, axis, n_features, share):
    """Return the frequency along one axis beyond which `share` of the density lies."""
    scales = kernel.scales(n_features)[:, axis]
    frequency = np.geomspace(1e-4 * scales.min(), 1e13 * scales.max(), _N_LOGARITHMIC)
    density = kernel.marginal(axis, n_features).density(frequency[:, None])
    # The trapezoid rule in the logarithm, from the far end inwards; both signs.
    panels = 2 * (density * frequency)[1:] * math.log(frequency[1] / frequency[0])
    beyond = np.append(np.cumsum(panels[::-1])[::-1], 0)
    # The last panel stands for what lies beyond the table: too much of it, and no cut is enough.
    return frequency[np.argmax(beyond <= share)] if panels[-1] <= share / 10 else math.inf
