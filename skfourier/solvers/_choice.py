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
    7. What fits as a dense matrix: "cholesky".
    8. Else "cg", with a warning that this is the slow path.

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
    if chosen is NystromCG:
        warnings.warn(
            f"No fast solver applies to these {len(system.X):,} rows and {system.kernel!r}: "
            f"solver='cg' multiplies by dense blocks of the kernel in each iteration, which is "
            f"slow. NUFFT's reason: {NUFFT.why_not(system)}",
            UserWarning,
            stacklevel=2,
        )
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
    return _automatic(system) is NystromCG


def _automatic(system):
    chosen = next(cls for cls in _PREFERENCE if cls.why_not(system) is None)
    return Cholesky if not chosen.exact and len(system.X) <= _FEW_ROWS else chosen
