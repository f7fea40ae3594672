"""Sigma, alpha and the kernel by the likelihood of rows at all scales, without candidates."""

import math
import warnings
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from sklearn.exceptions import FitFailedWarning

from skfourier._kernel_regressor_cv._fisher_scoring import Candidate, Parameters, largest_likelihood
from skfourier._kernel_regressor_cv._sampled_rows import Sampler
from skfourier._kernel_regressor_cv._scale_likelihood import ScaleLikelihood
from skfourier._kernel_regressor_cv._sigma_candidates import comparable_units, resolved_range
from skfourier.spectra import FiniteSpectrum, SpectrumMultiple, SpectrumSum

# Bounds of alpha in the unit of the weights: beneath them noise is as good as none, beyond there is
# nothing but noise.
_ALPHAS = (1e-8, 1e4)
# Where the search of each kernel may begin: the best of these, by few blocks.
_FIRST_SIGMAS, _FIRST_ALPHA = 6, 1e-2
_BLOCKS_FOR_A_START, _BLOCKS_FOR_THE_KERNEL, _MORE_FOR_THE_BEST = 8, 48, 512


@dataclass(frozen=True, eq=False)
class Choice:
    """The best parameters of each kernel, and the best of all.

    Parameters
    ----------
    kernels : list of Kernel
        As they were given.
    candidates : list of Candidate or None
        The best of each kernel; None where the search failed.
    best : Candidate
        That of the best kernel, refined.
    """

    kernels: list
    candidates: list
    best: Candidate


def search_by_likelihood(
    problem, kernels, *, per_axis, allowed=lambda _: True, begun=lambda: None, ended=lambda _: False
):
    """Find the likeliest parameters of each kernel, and which kernel is the likeliest.

    Kernels compare by the likelihood that counts all scales alike, the longest distances too; the
    parameters of the best are then those of the likelihood of all rows, by more blocks.

    Parameters
    ----------
    problem : Problem
    kernels : list of Kernel
        Templates: where the parameters begin is found too.
    per_axis : bool or "auto"
        Whether each column has a sigma of its own; else they keep the proportions of the ranges of
        frequencies that the columns resolve. "auto" is True.
    allowed : callable, default=always
        A problem to whether its kernel may be chosen; if none may be, all may.
    begun, ended : callable, default=nothing and never
        Called before and after the search of each kernel, the latter with its candidate or None:
        it returns whether to do without the kernels that are left.

    Returns
    -------
    Choice

    Raises
    ------
    ValueError
        If the search failed for every kernel.

    Warns
    -----
    FitFailedWarning
        If it failed for some: they rank last.
    """
    low, high = resolved_range(problem.X, problem.grid)
    units, per_axis = comparable_units(high), per_axis in (True, "auto")
    sigmas = _first_sigmas(low / units, high / units)
    scaled = replace(problem, X=problem.X * units)
    sampler = Sampler(scaled)
    few = ScaleLikelihood(scaled, sampler.sample(_BLOCKS_FOR_A_START))
    some = ScaleLikelihood(scaled, sampler.sample(_BLOCKS_FOR_THE_KERNEL))
    judge = ScaleLikelihood(scaled, sampler.sample(_BLOCKS_FOR_THE_KERNEL, more_firsts=True))
    starts = [
        _unless_singular(kernel, _start, few, kernel, sigmas, per_axis, units) for kernel in kernels
    ]
    back = partial(_in_units, units=units)

    def end(candidate):
        return ended(candidate and back(candidate))

    candidates = [
        one and replace(one, fit=judge.at(one.kernel, one.alpha))
        for one in _climbed(some, kernels, starts, begun, end)
    ]
    found = [candidate for candidate in candidates if candidate is not None]
    if not found:
        raise ValueError("None of the kernels could be fitted. The warnings say why.")
    free = [one for one in found if allowed(_problem_of(problem, back(one)))] or found
    first = max(free, key=lambda candidate: candidate.fit.value)
    many = sampler.sample(_BLOCKS_FOR_THE_KERNEL, _MORE_FOR_THE_BEST)
    best = largest_likelihood(ScaleLikelihood(scaled, many, by_rows=True), *first.parameters)
    return Choice(kernels, [candidate and back(candidate) for candidate in candidates], back(best))


def _climbed(likelihood, kernels, starts, begun, ended):
    """Return the best of each kernel; the most promising begin, and others may end early."""
    candidates, to_beat = [None] * len(kernels), -np.inf
    promising = [place for place, start in enumerate(starts) if start is not None]
    for place in sorted(promising, key=lambda place: -starts[place][0]):
        begun()
        parameters, vector = starts[place][1:]
        candidate = _unless_singular(
            kernels[place], largest_likelihood, likelihood, parameters, vector, to_beat
        )
        if candidate is not None:
            candidates[place], to_beat = candidate, max(to_beat, candidate.fit.value)
        if ended(candidate) and any(candidates):
            break
    return candidates


def _unless_singular(kernel, search, *args):
    """Return what a search finds; None, with a warning, where its matrices are singular."""
    try:
        return search(*args)
    except np.linalg.LinAlgError as error:
        warnings.warn(
            f"The search for the parameters of {kernel!r} failed, and it ranks last: {error}",
            FitFailedWarning,
            stacklevel=2,
        )
    return None


def _problem_of(problem, candidate):
    return replace(problem, kernel=candidate.kernel, alpha=candidate.alpha)


def _first_sigmas(low, high):
    """Return sigmas from half a cycle along the box to half of what the spacing resolves."""
    varying = np.isfinite(high)
    if not varying.any():
        return np.ones(1)
    top = math.exp(np.log(high[varying]).mean())
    return np.geomspace(low[varying].min() / 2, top / 2, _FIRST_SIGMAS)


def _start(likelihood, kernel, sigmas, per_axis, units):
    """Return the best of a few places to begin: its likelihood, the parameters and their vector."""
    n_features = likelihood.problem.X.shape[1]
    unit = likelihood.problem.moments.weight_unit
    factors = sigmas / _largest_scale(kernel, n_features)
    if isinstance(kernel, SpectrumSum):  # the user knows what its parts stand for
        factors = np.append(factors, 1.0)
    best = None
    for sigma in factors:
        factor = np.full(n_features, sigma) if per_axis and n_features > 1 else sigma
        bounds = np.multiply(_ALPHAS, unit)
        parameters = Parameters(_scaled(kernel, factor, units), n_features, bounds)
        vector = parameters.first(_FIRST_ALPHA * unit)
        try:
            value = parameters.candidate(vector, likelihood).fit.value
        except np.linalg.LinAlgError:
            continue
        if best is None or value > best[0]:
            best = value, parameters, vector
    if best is None:
        raise np.linalg.LinAlgError(
            "its matrices are singular to working precision at every sigma that was tried."
        )
    return best


def _scaled(kernel, factor, units):
    """Multiply sigmas by a factor. Given frequencies stay what they are in the user's units."""
    if isinstance(kernel, FiniteSpectrum):
        return kernel.scaled(1 / units, n_features=len(units))
    if isinstance(kernel, SpectrumSum):
        return _scaled(kernel.k1, factor, units) + _scaled(kernel.k2, factor, units)
    if isinstance(kernel, SpectrumMultiple):
        return _scaled(kernel.k2, factor, units) * kernel.k1
    return kernel.scaled(factor, n_features=len(units))


def _largest_scale(kernel, n_features):
    """Return the largest sigma of the parts of a kernel that have one; 0 without any."""
    if isinstance(kernel, FiniteSpectrum):
        return 0.0
    if isinstance(kernel, SpectrumSum):
        return max(_largest_scale(part, n_features) for part in (kernel.k1, kernel.k2))
    return kernel.scales(n_features).max()


def _in_units(candidate, units):
    """Return the candidate in the user's units of X."""
    if np.all(units == 1):
        return candidate
    kernel = candidate.kernel.scaled(units, n_features=len(units))
    return replace(candidate, kernel=kernel)
