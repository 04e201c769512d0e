"""A run directory: one process at a time, never clobbered, resumable, and accounted for."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sciae.errors import RunError, SpecError
from sciae.run.atomic import remove_leftovers
from sciae.run.checksum import FileRecord, files_of
from sciae.run.lock import held, now
from sciae.run.manifest import Manifest, Timing
from sciae.run.place import LOCK, clear, find_former, inside, made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self


class Run:
    """A run directory that this process owns; get one from `Run.open`.

    Attributes
    ----------
    directory : Path
        Absolute, without symbolic links.
    manifest : Manifest
        As last written to ``manifest.json``, and what has been added since.
    resumed : bool
        Whether this continues a former run, whose files may be read.
    """

    def __init__(self, directory: Path, manifest: Manifest, *, resumed: bool) -> None:
        self.directory = directory
        self.manifest = manifest
        self.resumed = resumed
        self._awaited = {record.sha256: record.path for record in manifest.inputs}

    @classmethod
    @contextmanager
    def open(
        cls,
        directory: str | os.PathLike[str],
        *,
        command: str,
        settings: Mapping[str, Any] | None = None,
        seed: int | None = None,
        resume: bool = False,
        overwrite: bool = False,
    ) -> Iterator[Self]:
        """Own a directory for the length of a ``with`` block.

        The manifest says "running" from the start, "complete" when the block ends, and
        "failed" with the reason when it raises. A process that is killed leaves
        "running" and no lock, so that the next may resume.

        Parameters
        ----------
        directory : path
            Made if it is not there, with its parents.
        command : str
            What is run, e.g. ``sciae fit``, for the manifest and for those who wait.
        settings : mapping, optional
            All that the result depends on, as plain JSON.
        seed : int, optional
            The seed that everything random was derived from.
        resume : bool
            Continue the run that is there, if there is one, with the same settings.
        overwrite : bool
            Start again: remove the outputs that the manifest lists, and nothing else.

        Raises
        ------
        RunError
            If the directory is in use, holds a run and neither `resume` nor `overwrite`
            is given, holds other files, or was run with other settings.
        SpecError
            If the settings are not plain JSON, or both `resume` and `overwrite` are given.
        """
        if resume and overwrite:
            raise SpecError("both resume and overwrite were asked for", where=directory)
        manifest = Manifest.begin(command=command, settings=settings or {}, seed=seed)
        root = made(Path(directory))
        with held(root / LOCK, command=command):
            former = find_former(root, resume=resume, overwrite=overwrite)
            if former is not None and resume:
                manifest = manifest.resuming(former, where=root)
            remove_leftovers(root)
            if former is not None and overwrite:
                clear(root, former)
            run = cls(root, manifest, resumed=former is not None and resume)
            with run._lived():
                yield run

    def path(self, name: str | os.PathLike[str]) -> Path:
        """Return the path of a file of this run; its folder is made.

        Raises
        ------
        RunError
            If it would lie outside the directory, by ``..``, an absolute path or a symbolic
            link, or is one of the run's own files.
        """
        path = inside(self.directory, name)
        if path in (self.directory / LOCK, self.directory / Manifest.NAME):
            raise RunError(f"{str(name)!r} is kept by the run itself", where=self.directory)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def add_input(self, path: str | os.PathLike[str]) -> tuple[FileRecord, ...]:
        """Record a file that the run reads, or every file of a folder.

        Raises
        ------
        RunError
            If there is no such file, or a resumed run has read other bytes.
        """
        records = tuple(
            FileRecord.of(file, name=str(file)) for file in files_of(Path(path).absolute())
        )
        for record in records:
            inputs = _merged(self._known_inputs_beside(record), (record,))
            self.manifest = replace(self.manifest, inputs=inputs)
        self._change()
        return records

    def add_output(self, path: str | os.PathLike[str]) -> tuple[FileRecord, ...]:
        """Record a file that the run has written, or every file of a folder.

        Parameters
        ----------
        path : path
            A name in the run directory, or what `path` returned for it.

        Raises
        ------
        RunError
            If it was not written, or lies outside the run directory.
        """
        files = files_of(self.path(_relative(self.directory, path)))
        names = [file.relative_to(self.directory).as_posix() for file in files]
        records = tuple(FileRecord.of(self.path(name), name=name) for name in names)
        self._change(outputs=_merged(self.manifest.outputs, records))
        return records

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add what the block takes, by the clock and in CPU time, to a named section."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            spent = Timing(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)
            timings = dict(self.manifest.timings)
            timings[name] = timings.get(name, Timing()) + spent
            self.manifest = replace(self.manifest, timings=timings)

    @contextmanager
    def _lived(self) -> Iterator[None]:
        pid = os.getpid()
        self._change()
        try:
            yield
        except BaseException as error:
            if os.getpid() == pid:  # not in a forked child that leaves the block
                self._fail(error)
            raise
        if os.getpid() == pid:
            self._change(status="complete", finished=now())

    def _fail(self, error: BaseException) -> None:
        try:
            self._change(status="failed", finished=now(), error=_one_line(error))
        except OSError as second:  # a full disk, say: the first error is the one to show
            error.add_note(f"The manifest could not be written either: {second}")

    def _change(self, **fields: Any) -> None:
        self.manifest = replace(self.manifest, **fields)
        self.manifest.write(self.directory / Manifest.NAME)

    def _known_inputs_beside(self, record: FileRecord) -> tuple[FileRecord, ...]:
        """Return the other inputs, or refuse one that the run to resume did not read.

        A new one is right only after all the former have come again: the former run may
        have been stopped before it read this one.
        """
        known = self.manifest.inputs
        if (then := self._awaited.pop(record.sha256, None)) is not None:
            return tuple(one for one in known if one.path != then)  # it may have moved
        if self._awaited and record not in known:
            raise _another_input(record, self._awaited, where=self.directory)
        return known


def verify(directory: str | os.PathLike[str]) -> Manifest:
    """Check that a run directory holds the very outputs that its manifest lists.

    Returns
    -------
    Manifest
        Its status says whether the run was complete.

    Raises
    ------
    RunError
        If the manifest cannot be read, or an output is missing or changed; all are named.
    """
    root = Path(os.path.realpath(directory))
    manifest = Manifest.read(root / Manifest.NAME)
    checked = [(r.path, r.fault(inside(root, r.path))) for r in manifest.outputs]
    if faults := [f"{name} {fault}" for name, fault in checked if fault]:
        raise RunError(
            f"{len(faults)} of {len(checked)} outputs changed: {'; '.join(faults)}",
            where=root,
            expected="the files that the run wrote",
            fix="Restore them from a copy, or run again with --overwrite.",
        )
    return manifest


def _relative(root: Path, path: str | os.PathLike[str]) -> Path:
    given = Path(path)
    if not given.is_absolute():
        return given
    real = Path(os.path.realpath(given.parent), given.name)  # `root` has no links in it either
    return real.relative_to(root) if real.is_relative_to(root) else given


def _merged(
    former: tuple[FileRecord, ...], added: tuple[FileRecord, ...]
) -> tuple[FileRecord, ...]:
    """Return the records by path, the added ones in place of the former."""
    return tuple({record.path: record for record in (*former, *added)}.values())


def _another_input(record: FileRecord, awaited: Mapping[str, str], *, where: Path) -> RunError:
    before = {path: sha256 for sha256, path in awaited.items()}
    if record.path in before:
        then = before[record.path][:12]
        shift = f"{record.path} has sha256 {record.sha256[:12]} now, had {then} then"
    else:
        shift = f"{record.path} was not read then, {next(iter(before))} was"
    return RunError(
        f"cannot resume with another input: {shift}",
        where=where,
        fix="Resume with the files of then, or choose another directory.",
    )


def _one_line(error: BaseException) -> str:
    text = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
