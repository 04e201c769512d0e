"""AdamW: one step of all weights in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor, nn

__all__ = ["AdamW"]


class AdamW:
    r"""Adam with decoupled weight decay, Loshchilov and Hutter, arXiv:1711.05101.

    .. math:: \theta \leftarrow (1 - \eta \lambda)\,\theta
              - \eta\, \hat m / (\sqrt{\hat v} + 10^{-8}), \qquad \beta = (0.9, 0.999)

    The kernel is the one of ``torch.optim.AdamW(fused=True)``; what that wraps around it in
    Python, at every step, costs a small net a tenth of its training time.

    Parameters
    ----------
    parameters : iterable of Parameter
    weight_decay : float

    Examples
    --------
    >>> x = torch.nn.Parameter(torch.tensor([1.0]))
    >>> optimiser = AdamW([x])
    >>> optimiser.step([torch.tensor([3.0])], rate=0.1)
    >>> x.data
    tensor([0.9000])
    """

    def __init__(self, parameters: Iterable[nn.Parameter], *, weight_decay: float = 0.0) -> None:
        self.parameters: list[Tensor] = list(parameters)
        self.weight_decay = weight_decay
        self.means = [torch.zeros_like(x) for x in self.parameters]
        self.squares = [torch.zeros_like(x) for x in self.parameters]
        device = self.parameters[0].device if self.parameters else None
        self.steps = torch.zeros((), device=device)  # one count, shared by all

    @torch.no_grad()
    def step(self, gradients: tuple[Tensor, ...] | list[Tensor], *, rate: float) -> None:
        """Change the parameters in place, with one gradient for each."""
        self.steps += 1
        torch._fused_adamw_(
            self.parameters,
            gradients,
            self.means,
            self.squares,
            [],
            [self.steps] * len(self.parameters),
            lr=rate,
            beta1=0.9,
            beta2=0.999,
            weight_decay=self.weight_decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )

    def state(self) -> dict[str, Tensor]:
        """All that a resumed run needs, as copies under flat names."""
        named = {f"mean.{i}": x for i, x in enumerate(self.means)}
        named |= {f"square.{i}": x for i, x in enumerate(self.squares)}
        return {name: x.clone() for name, x in {**named, "steps": self.steps}.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        for name, own in (("mean", self.means), ("square", self.squares)):
            for i, x in enumerate(own):
                x.copy_(state[f"{name}.{i}"])
        self.steps.copy_(state["steps"])
