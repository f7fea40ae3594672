"""Gradients of a network's outputs with respect to its parameters, and their inner products."""

from dataclasses import dataclass

import torch
from torch import nn

_TRACED = (nn.Linear, nn.BatchNorm1d)


@dataclass(frozen=True)
class Gradients:
    r"""Gradients with respect to one layer's parameters.

    For output k at sample i they are

    .. math:: \sqrt w\, s_{ik} h_i^T \;\text{(weights)}, \quad \sqrt b\, s_{ik} \;\text{(biases)}

    h enters the layer, s comes back through it. They are never written out: inner products of
    outer products are products of inner products.

    Parameters
    ----------
    inputs : Tensor of shape (n_samples, n_inputs) or None
        h; None where there are biases only.
    signals : Tensor of shape (n_samples, n_outputs, n_units)
        s.
    weights, biases : float
        w and b: the weights of the squared gradients.
    """

    inputs: torch.Tensor | None
    signals: torch.Tensor
    weights: float
    biases: float

    def products(self, other, *, full):
        """Evaluate the inner products with the gradients at other samples.

        Returns
        -------
        Tensor of shape (n, m), the sum over the outputs; if `full` (n, m, n_outputs, n_outputs)
        """
        if full:
            signals = torch.einsum("iku,jlu->ijkl", self.signals, other.signals)
        else:
            signals = self.signals.flatten(1) @ other.signals.flatten(1).T
        if self.inputs is None:
            return signals.mul_(self.biases)
        inputs = (self.inputs @ other.inputs.T).mul_(self.weights).add_(self.biases)
        return signals.mul_(inputs[:, :, None, None] if full else inputs)


def is_traced(network):
    """Return whether all parameters belong to layers whose gradients are outer products."""
    if network.trains_embedding:
        return False
    owners = (m for m in network.modules() if list(m.parameters(recurse=False)))
    return all(isinstance(module, _TRACED) for module in owners)


def numbers_per_sample(network):
    """Count the numbers that the gradients at one sample take."""
    n_outputs = network.output.out_features
    if not is_traced(network):
        return n_outputs * sum(parameter.numel() for parameter in network.parameters())
    widths = [(layer.in_features, layer.out_features) for layer in network.linear_layers]
    return sum(n_inputs + 3 * n_outputs * n_units for n_inputs, n_units in widths)


def sample_gradients(network, X, parametrization):
    """Differentiate the outputs, before their scaling, with respect to all trained parameters.

    Parameters
    ----------
    network : CoordinateNetwork
        In evaluation mode.
    X : Tensor of shape (n_samples, n_features)
    parametrization : {"standard", "ntk"}

    Returns
    -------
    list of Gradients

    Raises
    ------
    ValueError
        If the initial variance of a parameter is asked for and not known.
    """
    weights = {
        name: _weight(network, name, parametrization) if parameter.requires_grad else 0.0
        for name, parameter in network.named_parameters()
    }
    if is_traced(network):
        return _outer_products(network, X, weights)
    return _written_out(network, X, weights)


def _outer_products(network, X, weights):
    """Pass forwards once, and backwards once for each output; keep what meets at the layers."""
    h, traced = network.embedding(X), []
    with torch.enable_grad():
        for name, layer in network.unscaled.named_children():
            if name == "embedding":
                continue
            entering, h = h, layer(h)
            if isinstance(layer, _TRACED):
                traced.append((name, layer, entering.detach(), h.requires_grad_()))
        leaving = [z for *_, z in traced]
        backwards = [
            torch.autograd.grad(output, leaving, retain_graph=True) for output in h.sum(dim=0)
        ]
    gradients = []
    for (name, layer, entering, _), *signals in zip(traced, *backwards, strict=True):
        s, w, b = torch.stack(signals, dim=1), weights[f"{name}.weight"], weights[f"{name}.bias"]
        if isinstance(layer, nn.Linear):
            gradients.append(Gradients(entering, s, w, b))
        else:  # a weight multiplies each normalized unit
            normalized = nn.functional.batch_norm(
                entering, layer.running_mean, layer.running_var, eps=layer.eps
            )
            gradients += [
                Gradients(None, s * normalized[:, None], 0.0, w),
                Gradients(None, s, 0.0, b),
            ]
    return gradients


def _written_out(network, X, weights):
    """Write the gradients by all parameters out, as torch.func computes them: any network."""
    inner = network.unscaled

    def outputs(parameters, x):
        return torch.func.functional_call(inner, parameters, (x[None],))[0]

    parameters = {name: parameter.detach() for name, parameter in inner.named_parameters()}
    jacobians = torch.func.vmap(torch.func.jacrev(outputs), (None, 0))(parameters, X)
    return [
        Gradients(None, jacobian.reshape(*jacobian.shape[:2], -1), 0.0, weights[name])
        for name, jacobian in jacobians.items()
    ]


def _weight(network, name, parametrization):
    """Return the weights of the squared gradients of a parameter."""
    if parametrization == "standard":
        return 1.0
    owner, _, kind = name.rpartition(".")
    layer = network.get_submodule(owner)
    if isinstance(layer, nn.BatchNorm1d):
        return 0.0  # its parameters start as constants
    if getattr(layer, "initial_variances", None) is None:
        raise ValueError(
            f"parametrization='ntk' weights each parameter by its variance before training, which "
            f"is not known of {name!r}. Take parametrization='standard'."
        )
    return layer.initial_variances[("weight", "bias").index(kind)]
