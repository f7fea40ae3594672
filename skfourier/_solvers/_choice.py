"""The choice of a solver: the decision tree of `solver="auto"`."""

import warnings

import numpy as np

from skfourier._checks import known_name
from skfourier._solvers._cholesky import Cholesky
from skfourier._solvers._kronecker import Kronecker
from skfourier._solvers._local import Local
from skfourier._solvers._masked_kronecker import MaskedKronecker
from skfourier._solvers._nufft import NUFFT
from skfourier._solvers._nystrom_cg import NystromCG
from skfourier._solvers._primal import Primal
from skfourier._solvers._streaming import StreamingSolver
from skfourier._solvers._toeplitz import Toeplitz

# In the order in which "auto" asks them; the last one takes all.
_PREFERENCE = (Primal, Kronecker, MaskedKronecker, Toeplitz, NUFFT, Cholesky, Local, NystromCG)
SOLVERS = {cls.name: cls for cls in _PREFERENCE}
STREAMING = {name: cls for name, cls in SOLVERS.items() if issubclass(cls, StreamingSolver)}
# A fit to this many rows by a dense factorization took 32 s on one thread of a busy machine.
_MANY_ROWS = 8192
# So few rows are solved by a dense factorization, exact, in the time that others set up.
_FEW_ROWS = 1024
# With more features than that to a row the rows themselves are factorized.
_FEATURES_PER_ROW = 2
# Between these quantiles lie the rows that are not far from the others.
_CENTRAL = 0.005, 0.995
# Predictions, in deviations of y.
_ACCURATE = 1e-5


def choose_solver(problem, name="auto", *, among=SOLVERS, **tolerances):
    """Choose the solver of a problem.

    1. Finite features: "primal", or "cholesky" where there are fewer rows than features.
    2. A full grid, a product kernel, equal weights: "kronecker".
    3. Up to 1,024 rows, or 8,192 scattered rows that need many Fourier modes: "cholesky".
    4. A grid with holes or weights, a product kernel: "masked_kronecker".
    5. An even grid, full or not, any kernel: "toeplitz".
    6. Up to three columns, a spectral density that decays: "nufft".
    7. What fits as a dense matrix: "cholesky".
    8. Up to three columns, a spectral density: "local".
    9. Else "cg".

    Parameters
    ----------
    problem : Problem
    name : str, default="auto"
    among : collection of str, default=all
        The solvers that the caller can use.
    **tolerances
        `tol` and `max_iter` of the solver.

    Returns
    -------
    Solver
        Not yet solved.

    Raises
    ------
    ValueError
        If the name is unknown, or that solver does not apply: with its reason, and what applies.
    """
    known_name(name, ("auto", *SOLVERS), "solver")
    solvers = {cls.name: cls(problem, **tolerances) for cls in _PREFERENCE if cls.name in among}
    if name not in ("auto", *solvers):
        raise ValueError(
            f"solver={name!r} needs all rows in memory. For rows that are not, take one of "
            f"{', '.join(map(repr, solvers))}; or pass NumPy arrays."
        )
    if name != "auto":
        refusal = solvers[name].why_not()
        if refusal is not None:
            raise ValueError(
                f"solver={name!r} does not apply. {refusal} {_what_applies(solvers.values())}"
            )
        return solvers[name]
    chosen = next((solver for solver in solvers.values() if solver.why_not() is None), None)
    if chosen is None:
        reasons = " ".join(solver.why_not() for solver in solvers.values())
        raise ValueError(f"None of the solvers {', '.join(map(repr, solvers))} applies. {reasons}")
    if "cholesky" not in solvers:
        return chosen
    if isinstance(chosen, Primal) and len(problem.X) < chosen.features.width:
        return solvers["cholesky"]
    if chosen.is_exact:
        return chosen
    few = _FEW_ROWS
    if isinstance(chosen, NUFFT):
        few = _FEW_ROWS if _is_accurate(chosen) else _MANY_ROWS
    return solvers["cholesky"] if len(problem.X) <= few else chosen


def refusal(problem, name, **tolerances):
    """Return None, or why the solver asked for does not take a problem; "auto" takes all."""
    return None if name == "auto" else SOLVERS[name](problem, **tolerances).why_not()


def _is_accurate(nufft):
    """Return whether few modes, factorized, are off by no more than 1e-5 of the targets."""
    if not nufft.factorizes or nufft.backward_error > _ACCURATE:
        return False
    return nufft.pairs.n_features <= _FEATURES_PER_ROW * len(nufft.problem.X)


def is_slow(solver):
    """Return whether the time grows with the square of the rows, or faster, and they are many."""
    many = len(solver.problem.X) > _MANY_ROWS
    return isinstance(solver, NystromCG) or (isinstance(solver, Cholesky) and many)


def warn_if_slow(solver):
    """Warn if the automatic choice is a slow one: how slow, and why no fast solver applies."""
    if not is_slow(solver):
        return
    cost = {
        "cg": "multiplies by dense blocks of the kernel in each iteration",
        "cholesky": "factorizes a dense matrix of all rows",
    }[solver.name]
    problem = solver.problem
    # A grid misses its FFTs by little; scattered points have no grid to speak of.
    even = problem.grid is not None and problem.grid.evenly_spaced()
    nearest = (Toeplitz if even else NUFFT)(problem, tol=solver.tol)
    warnings.warn(
        f"No fast solver applies to these {len(problem.X):,} rows and {problem.kernel!r}: "
        f"solver={solver.name!r} {cost}, which is slow. {nearest.name!r} does not apply: "
        f"{nearest.why_not()}{_far_rows(problem)}",
        UserWarning,
        stacklevel=3,
    )


def _what_applies(solvers):
    names = [repr(solver.name) for solver in solvers if solver.why_not() is None]
    if not names:
        return "None of the others applies either."
    return f"Those that apply: {', '.join(names)}."


def _far_rows(problem):
    """Say which rows lie far from all others, if few do: a box around them has many modes."""
    low, high = np.quantile(problem.X, _CENTRAL, axis=0)
    away = np.maximum(low - problem.X, problem.X - high).max(axis=1, initial=0)
    far = np.any(np.maximum(low - problem.X, problem.X - high) > high - low, axis=1)
    if not 0 < np.count_nonzero(far) <= (1 - _CENTRAL[1] + _CENTRAL[0]) * len(far):
        return ""
    place = problem.X[np.argmax(away)] + problem.origin
    return (
        f" {np.count_nonzero(far)} rows lie far from all others, the farthest at "
        f"({', '.join(f'{x:g}' for x in place)}), and stretch the box of X: drop them if they are "
        f"mistakes."
    )
