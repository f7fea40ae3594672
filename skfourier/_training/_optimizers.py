"""Optimizers by name, and the learning rate's schedule."""

import inspect

import schedulefree
import torch

from skfourier._checks import chosen, known_name

OPTIMIZERS = {
    name.lower(): cls
    for name, cls in vars(torch.optim).items()
    if isinstance(cls, type)
    and issubclass(cls, torch.optim.Optimizer)
    and cls is not torch.optim.Optimizer
    # SparseAdam takes sparse gradients only, Muon no biases.
    and name not in ("SparseAdam", "Muon")
} | {"schedulefree": schedulefree.AdamWScheduleFree}
SCHEDULES = ("auto", "constant", "cosine")
# Of these the decay is apart from the gradient: it alone would shrink the weights to exp(-d) in a
# whole training, where d = alpha * learning rate * steps, whatever the loss.
_DECOUPLED = ("schedulefree", "adamw")
_DECAYS = (0.0, 0.75, 2.5)


def alphas_to_compare(alpha, solver, learning_rate, n_steps):
    """Return the weight decays that an alpha stands for, the weakest first: several if "auto".

    0 alone where decay is a part of the gradient: there it depends on the units of the loss.
    """
    if alpha != "auto":
        return (float(alpha),)
    if solver not in _DECOUPLED:
        return (0.0,)
    return tuple(decay / (learning_rate * n_steps) for decay in _DECAYS)


def build_optimizer(network, solver, *, learning_rate, alpha):
    """Build an optimizer over the network's parameters.

    Parameters
    ----------
    network : CoordinateNetwork
    solver : str or callable
        A name, or what makes an optimizer of parameters and `lr`.
    learning_rate : float
    alpha : float
        Weight decay on the weights of the linear layers alone.

    Returns
    -------
    torch.optim.Optimizer

    Raises
    ------
    ValueError
        If the name is unknown, or alpha > 0 and the optimizer has no weight decay.
    """
    build = chosen(solver, OPTIMIZERS, "solver")
    accepted = inspect.signature(build).parameters
    if alpha > 0 and "weight_decay" not in accepted:
        raise ValueError(
            f"solver={solver!r} has no weight decay: it takes alpha=0 only. Got {alpha}."
        )
    options = {"lr": learning_rate}
    if isinstance(solver, str) and "fused" in accepted:  # one kernel for all parameters
        options["fused"] = True
    if alpha == 0:
        return build(network.parameters(), **options)
    decayed = [layer.weight for layer in network.linear_layers]
    identities = set(map(id, decayed))
    others = [p for p in network.parameters() if id(p) not in identities]
    return build(
        [{"params": decayed, "weight_decay": alpha}, {"params": others, "weight_decay": 0.0}],
        **options,
    )


def build_schedule(optimizer, learning_rate, n_steps):
    """Build the schedule of the learning rate over `n_steps` steps; None leaves it constant."""
    known_name(learning_rate, SCHEDULES, "learning_rate")
    if learning_rate == "constant" or (learning_rate == "auto" and averages(optimizer)):
        return None
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=n_steps)


def averages(optimizer):
    """Return whether the optimizer averages the weights itself: it then has two modes.

    Between `train()` and `eval()` the network's weights are those that gradients are taken at,
    otherwise their average.
    """
    return hasattr(optimizer, "eval")
