"""CollectiveVariable: coordinates -> descriptors -> encoder -> a few slow numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sciae.autoencoders.raw.inputs import names as names_of
from sciae.collective.affine import rescaled
from sciae.collective.consistency import fault_of
from sciae.errors import DataError, SchemaError, SpecError
from sciae.run.plain import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray
    from torch import nn

    from sciae.collective.compiled import CompiledVariable
    from sciae.descriptors import Descriptors
    from sciae.export.arrays import NumpyEncoder, ValueAndGradient
    from sciae.table import Table

__all__ = ["CollectiveVariable"]

TURN = 2 * math.pi


@dataclass(frozen=True, eq=False, kw_only=True)
class CollectiveVariable:
    r"""A differentiable function of coordinates with a few values, to analyse or to bias.

    .. math:: s(x) = e(v(x)), \qquad
              \frac{\partial V}{\partial x} = \sum_{ij} \frac{\partial V}{\partial s_i}
              \frac{\partial e_i}{\partial v_j} \frac{\partial v_j}{\partial x}

    with v the descriptors of the coordinates x (nm) and e a dense network that holds its own
    normalisation. Everything is computed in float64.

    Parameters
    ----------
    encoder : NumpyEncoder
        Raw numbers -> s. Weights in float32 are kept as float64.
    descriptors : Descriptors, optional
        Coordinates -> raw numbers. None: the raw numbers are the input (a model potential).
    names : tuple of str, optional
        One per coordinate of s; by default s0, s1, ...
    periods : tuple of float or None, optional
        One per coordinate; by default 2 pi where the encoder ends in angles, else None. A
        period needs such an end, or a coordinate that is one raw number as it is.
    low, high : array, shape (dim,)
        Range of the training data; -pi and pi by default where there is a period 2 pi.
    about : mapping
        Plain JSON: kind, lag, features, versions.

    Raises
    ------
    SpecError
        If the parts do not fit each other, or a number is not finite.

    Examples
    --------
    >>> from sciae.export import NumpyEncoder
    >>> encoder = NumpyEncoder(
    ...     columns=np.array(["x", "y"]), function=np.array([0, 0]), column=np.array([0, 1]),
    ...     a=np.zeros(2), b=np.ones(2), least=np.full(2, -np.inf),
    ...     sizes=np.array([2, 1]), weights=np.array([1.0, -1.0, 0.5]), activation="none",
    ...     end="linear",
    ... )
    >>> cv = CollectiveVariable(encoder=encoder, low=[-2], high=[2])
    >>> cv.names, cv.periods, cv.of_numbers([[3.0, 1.0]])
    (('s0',), (None,), array([[2.5]]))
    """  # fmt: skip

    encoder: NumpyEncoder
    descriptors: Descriptors | None = None
    names: tuple[str, ...] = ()
    periods: tuple[float | None, ...] = ()
    low: NDArray[np.float64] = ()  # type: ignore[assignment]
    high: NDArray[np.float64] = ()  # type: ignore[assignment]
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        dim, turns = self.encoder.dim, self.encoder.end == "angles"
        default = (TURN if turns else None,) * dim
        periods = tuple(None if p is None else float(p) for p in self.periods) or default
        made: dict[str, Any] = {
            "encoder": replace(self.encoder, weights=self.encoder.weights.astype(np.float64)),
            "names": tuple(map(str, self.names)) or tuple(f"s{k}" for k in range(dim)),
            "periods": periods,
            "low": _range(self.low, periods, -1),
            "high": _range(self.high, periods, 1),
            "about": plain(self.about, where="about"),
        }
        for name, value in made.items():
            object.__setattr__(self, name, value)
        if fault := fault_of(self):
            raise SpecError(fault, where="CollectiveVariable", expected="parts of one variable")

    @classmethod
    def of_descriptors(
        cls, descriptors: Descriptors, *, names: Sequence[str] = (), low: ArrayLike = (),
        high: ArrayLike = (),
    ) -> CollectiveVariable:  # fmt: skip
        """The descriptors themselves, such as phi and psi: nothing is learned.

        Parameters
        ----------
        descriptors : Descriptors
        names : sequence of str
            One per number.
        low, high : array, shape (number,)
            The range that matters; of torsions it is -pi to pi whatever is given.

        Examples
        --------
        >>> from sciae.descriptors import Descriptors, Torsions
        >>> torsions = Torsions([(4, 6, 8, 14), (6, 8, 14, 16)])
        >>> cv = CollectiveVariable.of_descriptors(
        ...     Descriptors((torsions,), atoms=22), names=("phi", "psi")
        ... )
        >>> cv.dim, cv.low.round(3).tolist()
        (2, [-3.142, -3.142])
        """
        from sciae.collective.identity import identity_encoder

        return cls(
            encoder=identity_encoder(descriptors),
            descriptors=descriptors,
            names=tuple(names),
            periods=tuple(f.period for f in descriptors.schema for _ in range(f.width)),
            low=np.asarray(low, np.float64),
            high=np.asarray(high, np.float64),
            about={"kind": "descriptors"},
        )

    @property
    def dim(self) -> int:
        """How many coordinates s has."""
        return self.encoder.dim

    @property
    def width(self) -> int:
        """How many raw numbers the encoder reads."""
        return len(self.encoder.columns)

    def value(self, xyz: ArrayLike, box: ArrayLike | None = None) -> NDArray[np.float64]:
        """Values of configurations.

        Parameters
        ----------
        xyz : array, shape (frame, atom, 3)
            In nm, every atom of the topology.
        box : array, shape (frame, 3, 3) or (3, 3), optional
            Box vectors as rows, in nm, if the descriptors are periodic.

        Returns
        -------
        array, shape (frame, dim)

        Raises
        ------
        SpecError
            If the variable is one of raw numbers.
        """
        return self.of_numbers(self._described().values(xyz, box))

    def of_numbers(self, numbers: ArrayLike) -> NDArray[np.float64]:
        """Values, shape (frame, dim), of raw numbers, shape (frame, width)."""
        rows = np.asarray(numbers, np.float64)
        if rows.ndim != 2 or rows.shape[1] != self.width:  # noqa: PLR2004 - a matrix
            raise DataError(
                f"numbers of shape {rows.shape}", where="of_numbers",
                expected=f"(frame, {self.width})", fix="Give the descriptors in their order.",
            )  # fmt: skip
        return np.asarray(self.encoder.value(rows), np.float64)

    def of_table(self, table: Table) -> NDArray[np.float64]:
        """Values, shape (row, dim), of a table with the descriptors' fields.

        Raises
        ------
        SchemaError
            If its fields are others, with each difference.
        """
        if self.descriptors is not None:
            self.descriptors.schema.require(table.schema)
        elif (found := [n for f in table.schema for n in names_of(f)]) != list(
            self.encoder.columns
        ):
            raise SchemaError(
                f"columns {', '.join(found)}", expected=", ".join(self.encoder.columns),
                fix="Give the table that the variable was learned from.",
            )  # fmt: skip
        columns = [table[f.name].reshape(len(table), -1) for f in table.schema]
        return self.of_numbers(np.concatenate(columns, 1))

    def value_and_gradient(self, xyz: ArrayLike, box: ArrayLike | None = None) -> ValueAndGradient:
        """Value, shape (dim,), and gradient, shape (dim, atom, 3), of one configuration.

        For many, use `compiled`, which allocates nothing.
        """
        from sciae.export.arrays import ValueAndGradient

        x = np.asarray(xyz, np.float64)
        compiled, used = self.compiled(), list(self._described().used)
        s = compiled.forward(x[used], box).copy()
        gradient = np.zeros((self.dim, *x.shape))
        for k, seed in enumerate(np.eye(self.dim)):
            gradient[k, used] = compiled.pull_back(seed)
        return ValueAndGradient(s, gradient)

    def compiled(self) -> CompiledVariable:
        """The same for one configuration at a time, as machine code."""
        from sciae.collective.compiled import CompiledVariable

        return CompiledVariable(self)

    def torch(self) -> nn.Module:
        """A module, coordinates (frame, atom, 3) [, box] -> (frame, dim), that can be traced.

        Of a variable of raw numbers: numbers (frame, width) -> (frame, dim).
        """
        from sciae.collective.network import NumbersModule, VariableModule

        numbers = NumbersModule(self.encoder)
        return numbers if self.descriptors is None else VariableModule(self.descriptors, numbers)

    def require(self, atoms: int, names: Sequence[str] = ()) -> None:
        """Raise unless a topology is that of the variable.

        Raises
        ------
        DataError
            Saying which atoms differ, and what to do.
        """
        self._described().require(atoms, names)

    def standardised(self, values: ArrayLike) -> CollectiveVariable:
        """The same variable with coordinates that span [-1, 1] over these values of it.

        Folded into the last layer: the network computes no more than before. A coordinate
        with a period keeps its values.

        Parameters
        ----------
        values : array, shape (frame, dim)
            Of this variable, over the training data.

        Raises
        ------
        DataError
            If a coordinate is the same in all frames, or not finite.
        """
        return rescaled(self, np.asarray(values, np.float64))

    def save(self, directory: str | Path) -> None:
        """Write ``cv.json`` and ``encoder.npz``; the directory is made if need be."""
        from sciae.collective.files import save

        save(self, directory)

    @classmethod
    def load(cls, directory: str | Path) -> CollectiveVariable:
        """Read what `save` wrote; nothing in it can run code.

        Raises
        ------
        ModelFileError
            If a file is missing, damaged, or something else.
        """
        from sciae.collective.files import load

        return load(directory)

    def _described(self) -> Descriptors:
        if self.descriptors is None:
            raise SpecError(
                "a variable of raw numbers has no coordinates", where="CollectiveVariable",
                expected="descriptors", fix="Use of_numbers, or of_table.",
            )  # fmt: skip
        return self.descriptors


def _range(given: ArrayLike, periods: tuple[float | None, ...], sign: int) -> NDArray[np.float64]:
    """One end of each coordinate's range: half a period where there is one, else as given."""
    ends = np.asarray(given, np.float64)
    if ends.size == 0 and None not in periods:
        ends = np.zeros(len(periods))
    if ends.shape == (len(periods),):
        half = [math.nan if p is None else sign * p / 2 for p in periods]
        ends = np.where(np.isnan(half), ends, half)
    ends.flags.writeable = False
    return ends
