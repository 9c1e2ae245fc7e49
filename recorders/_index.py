"""What a run holds at one moment, and where: sealed shards first, then the log."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from gristmill.digest import fingerprint
from gristmill.errors import StoreError
from gristmill.recorders import _shards, _wal
from gristmill.recorders._files import Damage
from gristmill.recorders._layout import read_manifest, segments
from gristmill.recorders._shards import UNREADABLE, Shard
from gristmill.recorders._wal import Commit
from gristmill.types import Episode

__all__ = ["Index"]

# Shard and row group, or log segment and commit.
Place = tuple[int, int] | tuple[str, Commit]
_GROUPS = 4  # decoded row groups that are kept, for reading by id


class Index:
    """Where every episode of a run lies; brought up to date by `refresh`."""

    def __init__(self, path: Path, run_id: str) -> None:
        self.path = path
        self.run_id = run_id
        self.damage: list[Damage] = []
        # Shards by number, with the ids of each row group.
        self._sealed: dict[int, tuple[Shard, list[list[str]]]] = {}
        self._logged: dict[str, list[Commit]] = {}
        self._places: dict[str, Place] = {}
        # What reading has found to be lost: ids by row group, and places in the log.
        self._broken: dict[tuple[int, int], set[str]] = {}
        self._unread: set[Commit] = set()
        self._recent: dict[tuple[int, int], dict[str, Episode]] = {}

    def refresh(self) -> None:
        """Look at the directory again; sealed shards never change, so only new ones are read."""
        self.damage[:] = dict.fromkeys(self.damage)
        shards = self._look()
        while read_manifest(self.path, self.run_id, []) != shards:  # sealed while we were looking
            shards = self._look()
        self._places = {}
        for number, (_, groups) in self._sealed.items():
            for group, ids in enumerate(groups):
                place, lost = (number, group), self._broken.get((number, group), ())
                fresh = [name for name in ids if name not in self._places and name not in lost]
                self._places |= dict.fromkeys(fresh, place)
        for segment, commits in self._logged.items():
            for commit in commits:
                if commit not in self._unread:
                    self._places.setdefault(commit.episode_id, (segment, commit))

    def _look(self) -> list[Shard]:
        shards = read_manifest(self.path, self.run_id, self.damage)
        gone = {name for shard in shards for name in shard.segments}
        self._sealed = {shard.number: (shard, self._groups_of(shard)) for shard in shards}
        self._logged = {
            path.stem: [commit for commit, _ in _wal.scan(path, self.damage)]
            for path in segments(self.path)
            if path.stem not in gone
        }
        return shards

    def _groups_of(self, shard: Shard) -> list[list[str]]:
        known = self._sealed.get(shard.number)
        if known and known[1]:
            return known[1]
        folder = self.path / "shards"
        for file in shard.files:
            # Without its end a Parquet file cannot be read at all; of other damage, reading tells.
            if not file.name.startswith("steps-") and (message := _shards.check_size(folder, file)):
                self._lose(shard, f"shards/{file.name}", message)
                return []
        try:
            return _shards.read_ids(folder, shard)
        except UNREADABLE as error:
            self._lose(shard, f"shards/episodes-{shard.number:06}.parquet", f"cannot be read: {error}")
            return []

    def _lose(self, shard: Shard, where: str, message: str) -> None:
        """Note that all episodes of a shard are lost, by name where a file of it still has their ids."""
        ids = _shards.rescued_ids(self.path / "shards", shard)
        self._note(where, message, *ids)
        if len(ids) < shard.episodes or not ids:
            lost = shard.episodes - len(ids)
            self.damage.append(Damage(where=where, message=message, lost=lost))

    def prove(self) -> None:
        """Leave out of `ids` what cannot be read: sealed files that have changed are read, and so is the log.

        Hashing goes at about 1 GB/s: a sealed conversation takes a microsecond. One in the log, which is sealed before
        it is large, takes 40, since it is decoded; to play one takes more than ten times as long.
        """
        for number, (shard, groups) in list(self._sealed.items()):
            if not _shards.is_sound(self.path / "shards", shard):
                for group in range(len(groups)):
                    self._read_group(number, group)
        for segment, commits in list(self._logged.items()):
            # Sealed meanwhile, a segment is gone.
            with suppress(FileNotFoundError), self._segment(segment).open("rb") as file:
                for commit in commits:
                    self._logged_episode(file, segment, commit)
        self.refresh()

    def ids(self) -> set[str]:
        """Return the ids of all episodes."""
        return set(self._places)

    def has(self, episode_id: str) -> bool:
        """Say whether an episode was there at the last refresh."""
        return episode_id in self._places

    def episodes(self) -> Iterator[Episode]:
        """Yield every episode once, sealed ones first, each source in the order of recording."""
        seen: set[str] = set()
        while True:
            try:
                for batch in self._batches():
                    fresh = {episode.id: episode for episode in batch if episode.id not in seen}
                    seen.update(fresh)
                    yield from fresh.values()
                return
            except FileNotFoundError:  # sealed by another process in the meantime
                self.refresh()

    def _batches(self) -> Iterator[Iterable[Episode]]:
        for number, (_, groups) in list(self._sealed.items()):
            for group in range(len(groups)):
                yield reversed(self._group(number, group).values())
        for segment, commits in list(self._logged.items()):
            with self._segment(segment).open("rb") as file:
                for commit in commits:
                    if episode := self._logged_episode(file, segment, commit):
                        yield [episode]

    def episode(self, episode_id: str) -> Episode:
        """Return one episode.

        Raises:
            StoreError: when it cannot be read.
        """
        place = self._places.get(episode_id)
        if place is None:
            found = None
        elif isinstance(place[1], Commit):
            with self._segment(place[0]).open("rb") as file:
                found = self._logged_episode(file, *place)
        else:
            found = self._group(*place).get(episode_id)
        if found is None:
            raise StoreError(
                f"Episode {episode_id} of {self.path} is damaged; `gristmill verify` lists what is."
            )
        return found

    def _segment(self, name: str) -> Path:
        return self.path / "wal" / f"{name}.arrows"

    def _logged_episode(self, file: BinaryIO, segment: str, commit: Commit) -> Episode | None:
        file.seek(commit.offset)
        batch = file.read(commit.length)
        try:
            if fingerprint(batch) == commit.fingerprint:
                return _wal.read_record(batch)
            where, message = (
                f"wal/{segment}.arrows, byte {commit.offset}",
                "the bytes do not match their hash",
            )
            self._note(where, message, commit.episode_id)
        except UNREADABLE as error:
            self.damage.append(_wal.undecodable(self._segment(segment), commit, error))
        self._unread.add(commit)
        return None

    def _group(self, number: int, group: int) -> dict[str, Episode]:
        """Return a row group by id, keeping the few that were read last."""
        key = (number, group)
        if key not in self._recent:
            while len(self._recent) >= _GROUPS:
                self._recent.pop(next(iter(self._recent)))
            self._recent[key] = self._read_group(number, group)
        return self._recent[key]

    def _read_group(self, number: int, group: int) -> dict[str, Episode]:
        shard, groups = self._sealed[number]
        where = f"shards/*-{number:06}.parquet, row group {group}"
        lost = self._broken[number, group] = set()
        try:
            episodes = _shards.read_group(self.path / "shards", shard, group)
        except UNREADABLE as error:
            lost.update(groups[group])
            self._note(where, str(error), *groups[group])
            return {}
        found: dict[str, Episode] = {}
        # Backwards, so that the first of two records of one attempt is the one that counts.
        for name, episode in reversed(episodes):
            if isinstance(episode, Episode):
                found[name] = episode
            else:
                lost.add(name)
                self._note(where, episode, name)
        return found

    def _note(self, where: str, message: str, *lost: str) -> None:
        self.damage += [Damage(where=where, message=message, episode_id=name) for name in lost]
