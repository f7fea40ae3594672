"""Which solver takes a system: the decision tree of `solver="auto"`."""

import warnings
from dataclasses import replace

from skfourier._sklearn import known_name
from skfourier.solvers._cholesky import Cholesky
from skfourier.solvers._kronecker import Kronecker, MaskedKronecker
from skfourier.solvers._nufft import NUFFT
from skfourier.solvers._nystrom_cg import NystromCG
from skfourier.solvers._primal import Primal
from skfourier.solvers._toeplitz import Toeplitz

# In the order in which "auto" asks them; the last one takes all.
_PREFERENCE = (Primal, Kronecker, MaskedKronecker, Toeplitz, NUFFT, Cholesky, NystromCG)
SOLVERS = {cls.name: cls for cls in _PREFERENCE}
# A fit to so many rows by a dense factorisation took 32 s on one thread of a busy machine.
_MANY_ROWS = 8192
# Their systems are sums over rows: `features_of(system).normal_equations(...)`, which add up.
STREAMING = {cls.name: cls for cls in (Primal, NUFFT)}
# So few rows are solved by a dense factorisation, exact, in the time that others set up.
_FEW_ROWS = 1024


def choose_solver(system, name="auto"):
    """Choose the solver of a system.

    1. Finite features: "primal".
    2. A full grid, a product kernel, no weights: "kronecker".
    3. Up to 1,024 rows: "cholesky".
    4. A grid with holes or weights, a product kernel: "masked_kronecker".
    5. An even grid, full or not, any kernel: "toeplitz".
    6. Up to three columns, a spectral density that decays: "nufft".
    7. What fits as a dense matrix: "cholesky"; beyond 8,192 rows with a warning that it is slow.
    8. Else "cg", with the same warning.

    Parameters
    ----------
    system : System
    name : str, default="auto"

    Returns
    -------
    type
        A solver's class.

    Raises
    ------
    ValueError
        If the name is unknown, or that solver does not apply: with its reason.
    """
    known_name(name, ("auto", *SOLVERS), "solver")
    if name != "auto":
        refusal = SOLVERS[name].why_not(system)
        if refusal is not None:
            raise ValueError(f"solver={name!r} does not apply. {refusal}")
        return SOLVERS[name]
    chosen = _automatic(system)
    if only_slowly(system):
        _warn_of_the_slow_path(system, chosen)
    return chosen


def solvers_for(alphas, system, name="auto"):
    """Yield a solver for each alpha; they share what does not depend on it.

    Parameters
    ----------
    alphas : iterable of float
        Yielded from the smallest on, which is set up for: the Fourier modes of "nufft" that suffice
        for one alpha suffice for larger ones.
    system : System
    name : str, default="auto"

    Yields
    ------
    solver
    """
    smallest, *others = sorted(map(float, alphas))
    system = replace(system, alpha=smallest)
    solver = choose_solver(system, name)(system)
    yield solver
    for alpha in others:
        yield solver.with_alpha(alpha)


def only_slowly(system):
    """Tell whether "auto" would take the slow path."""
    chosen = _automatic(system)
    return chosen is NystromCG or (chosen is Cholesky and len(system.X) > _MANY_ROWS)


def _automatic(system):
    chosen = next(cls for cls in _PREFERENCE if cls.why_not(system) is None)
    return Cholesky if not chosen.exact and len(system.X) <= _FEW_ROWS else chosen


def _warn_of_the_slow_path(system, chosen):
    """Say that it is slow, and why the solver that these rows are made for does not apply."""
    cost = {
        "cg": "multiplies by dense blocks of the kernel in each iteration",
        "cholesky": "factorises a dense matrix of all rows",
    }[chosen.name]
    # A grid misses its FFTs by little; scattered points have no grid to speak of.
    nearest = Toeplitz if system.grid is not None and system.grid.evenly_spaced() else NUFFT
    warnings.warn(
        f"No fast solver applies to these {len(system.X):,} rows and {system.kernel!r}: "
        f"solver={chosen.name!r} {cost}, which is slow. What {nearest.name!r} lacks: "
        f"{nearest.why_not(system)}",
        UserWarning,
        stacklevel=3,
    )


def choose_streaming_solver(system, name="auto"):
    """Choose among the solvers whose system is a sum over rows, which need not lie in memory.

    1. Finite features: "primal".
    2. Up to three columns, a spectral density that decays: "nufft".

    Parameters
    ----------
    system : System
        Its rows may be any in the box of all of them.
    name : str, default="auto"

    Returns
    -------
    type
        A solver's class.

    Raises
    ------
    ValueError
        If none applies, or not the one that was asked for: with the reasons.
    """
    known_name(name, ("auto", *SOLVERS), "solver")
    if name == "auto":
        asked = STREAMING
    elif name in STREAMING:
        asked = {name: STREAMING[name]}
    else:
        raise ValueError(
            f"solver={name!r} needs all rows in memory. Of rows that are not, 'primal' and 'nufft' "
            f"take the sums; or pass NumPy arrays."
        )
    reasons = {solver: cls.why_not(system) for solver, cls in asked.items()}
    for solver, reason in reasons.items():
        if reason is None:
            return asked[solver]
    raise ValueError(
        f"solver={name!r} does not apply to rows that are not in memory. "
        f"{' '.join(reasons.values())}"
    )
