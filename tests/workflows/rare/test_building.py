"""A set holds what was asked for, and proof of all of it."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from gristmill.errors import StoreError, UsageError
from gristmill.generators.rare.cube import Cube
from gristmill.generators.rare.importance import Proposal
from gristmill.recorders.sets import Origin, read_set
from gristmill.recorders.store import RunStore
from gristmill.seeding import numpy_stream
from gristmill.workflows.rare.building_search import Failure
from gristmill.workflows.rare.scoring import score
from tests.fixtures.boilers import Boiler
from tests.workflows.rare.boilers import built, truth

BROKEN = '''
from tests.fixtures.boilers import Boiler as Base, agent, customer, lazy

class Boiler(Base):
    """A boiler with a hidden counter, which no fresh world has."""
    count = 0

    def setup(self, values):
        super().setup(values)
        type(self).count += 1
        self.pressure += type(self).count / 1000
'''


def broken(folder: Path) -> str:
    """Write the boiler that does not replay, and return its spec."""
    (folder / "broken.py").write_text(BROKEN)
    return f"{folder}/broken.py:Boiler"


def test_what_is_built_can_be_read(tmp_path: Path) -> None:
    """Records of every role that was asked for are in the folder, and nothing else is left beside it."""
    there = built(tmp_path / "set", {"estimating": 60, "control": 10})

    assert there == read_set(tmp_path / "set")
    assert {"estimating": 60, "control": 10} == there.manifest.counts
    assert ["set"] == [one.name for one in tmp_path.iterdir()]


def test_the_same_arguments_build_the_same_set(tmp_path: Path) -> None:
    """So that it can be built again by whoever has the command."""
    first, again = (built(tmp_path / name, {"estimating": 30}, seed=3) for name in "ab")
    other = built(tmp_path / "c", {"estimating": 30}, seed=4)

    assert first.records == again.records
    assert first.manifest.hash == again.manifest.hash != other.manifest.hash


def test_an_estimating_set_tells_the_rate(tmp_path: Path) -> None:
    """Its weights make up for how its records were drawn."""
    there = built(tmp_path / "set", {"estimating": 1_000})
    found = there.manifest.estimate

    assert found is not None
    assert found.low < truth() < found.high
    assert 0.95 < there.manifest.weight / 1_000 < 1.05
    assert all(
        one.weight == pytest.approx(2.718281828459045 ** (one.log_p - (one.log_q or 0)))
        for one in there.records
    )


def test_every_record_says_what_was_proved(tmp_path: Path) -> None:
    """Digest and severity are those of the recorded episode, which lies in the set."""
    there = built(tmp_path / "set", {"estimating": 30})
    episodes = {one.scenario.index: one for one in RunStore.open(tmp_path / "set/run").episodes()}

    for one in there.records:
        episode = episodes[one.scenario.index]
        assert episode.state["pressure"] == one.severity
        assert (1, 1, episode.state_digest) == (
            one.verified.replays, one.verified.reproduced, one.verified.state_digest,
        )  # fmt: skip
        assert one.event == (one.severity >= one.threshold)


def test_planned_faults_that_fired_are_named(tmp_path: Path) -> None:
    """A record proves that what it is about has happened."""
    there = built(tmp_path / "set", {"estimating": 60})

    assert {"none": set(), "small": {"leak-small"}, "burst": {"leak-burst"}} == {
        leak: {name for one in there.records if one.scenario.values["leak"] == leak for name in one.fired}
        for leak in ("none", "small", "burst")
    }


def test_controls_do_not_fail(tmp_path: Path) -> None:
    """With a threshold that most nominal draws reach, the others are found, and what was left out is counted."""
    there = built(tmp_path / "set", {"control": 10}, threshold=0.0, reference={})

    assert {False} == {one.event for one in there.records}
    assert {one.weight for one in there.records} == {None}
    assert there.manifest.refused["control: it fails"] > 0


def test_what_the_reference_does_not_survive_is_no_record(tmp_path: Path) -> None:
    """A case that nobody can handle says nothing; of estimating records all stay, since the rate would be biased."""
    hopeless = {"agent": "lazy?share=-1"}
    there = built(tmp_path / "set", {"estimating": 200, "control": 20}, threshold=1.0, reference=hopeless)
    outcomes = {role: {one.reference_outcome for one in there.of(role)} for role in ("estimating", "control")}

    assert {"estimating": {"survives", "event"}, "control": {"survives"}} == outcomes
    assert there.manifest.refused["control: the reference policy does not survive it"] > 0
    assert hopeless == there.manifest.reference


def test_the_expert_is_the_reference_of_others(tmp_path: Path) -> None:
    """And nobody is where the expert itself is tested."""
    tested = built(tmp_path / "a", {"control": 3})
    itself = built(tmp_path / "b", {"control": 3}, {"agent": "expert"})

    assert ({"agent": "expert"}, {}) == (tested.manifest.reference, itself.manifest.reference)
    assert ({"survives"}, {""}) == tuple(
        {one.reference_outcome for one in found.records} for found in (tested, itself)
    )


def test_a_world_that_does_not_replay_builds_no_estimating_set(tmp_path: Path) -> None:
    """Its numbers could not be had again; the message says what differs, and no folder is left."""
    with pytest.raises(UsageError, match=r"a fresh world does not reproduce it: .*expected"):
        built(tmp_path / "out/set", {"estimating": 5}, world=broken(tmp_path), reference={})

    assert [] == list((tmp_path / "out").iterdir())


def test_records_that_do_not_replay_are_counted(tmp_path: Path) -> None:
    """Of the other roles, what a fresh world does not reproduce is left out with the reason."""
    there = built(tmp_path / "set", {"control": 4}, world=broken(tmp_path), reference={})

    assert [] == there.records
    assert {"control: a fresh world does not reproduce it": 13} == there.manifest.refused
    assert ["4 control records were asked for, and 0 found"] == there.manifest.notes


def test_an_episode_that_breaks_is_told(tmp_path: Path) -> None:
    """Whose fault it was is in the message: no rate can be had from the others."""
    with pytest.raises(UsageError, match="error of agent: RuntimeError: out of order"):
        built(tmp_path / "set", {"estimating": 20}, {"agent": "moody"})


@pytest.mark.parametrize(
    ("roles", "message"),
    [({}, "Expected a role"), ({"hard": 3}, "Unknown role 'hard'"), ({"control": 0}, "at least one record")],
)
def test_roles_have_to_make_sense(tmp_path: Path, roles: dict[str, int], message: str) -> None:
    """Before anything is played."""
    with pytest.raises(UsageError, match=message):
        built(tmp_path / "set", roles)  # type: ignore[arg-type]  # which is what is tested


def test_a_folder_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    """Whatever is in it is somebody's."""
    (tmp_path / "set").mkdir()
    (tmp_path / "set/mine.txt").write_text("mine")

    with pytest.raises(StoreError, match="which is taken"):
        built(tmp_path / "set", {"control": 1})
    assert "mine" == (tmp_path / "set/mine.txt").read_text()


def test_stress_records_fail_in_different_ways(tmp_path: Path) -> None:
    """They are searched for; the most plausible failure of each kind is among them, and says where it comes from."""
    there = built(tmp_path / "set", {"stress": 20}, threshold=5.5, calls=3_000)

    assert {True} == {one.event for one in there.records}
    assert {"small, from 2", "burst, from 2"} <= {one.stratum.cell for one in there.records}
    assert {"archive", "splitting"} <= {one.origin.algorithm.partition(",")[0] for one in there.records}
    assert len(there.records) == len({one.scenario.id for one in there.records})
    assert {"survives"} == {one.reference_outcome for one in there.records}


def test_a_simpler_failure_is_paired_with_what_it_comes_from(tmp_path: Path) -> None:
    """The two differ only in what does not matter, so that whoever fails the one should fail the other."""
    there = built(tmp_path / "set", {"stress": 20}, threshold=5.5, calls=3_000)
    by = {one.id: one for one in there.records}
    pairs = [(one, by[one.origin.pair_of]) for one in there.records if one.origin.pair_of]

    assert pairs
    for simpler, source in pairs:
        assert simpler.origin.shrunk_from == source.scenario.id
        assert simpler.stratum.cell == source.stratum.cell
        assert 0 == simpler.scenario.values["hour"] != source.scenario.values["hour"]


def test_failures_that_were_found_elsewhere_can_be_given(tmp_path: Path) -> None:
    """What does not fail after all is counted, not taken."""
    origin = Origin(algorithm="by hand")
    given = [
        Failure(values={"load": load, "leak": "burst", "hour": 3}, origin=origin) for load in (0.5, 1.5, 2.5)
    ]
    there = built(tmp_path / "set", {"stress": 5}, failures=given)

    assert [1.5, 2.5] == sorted(one.scenario.values["load"] for one in there.records)
    assert {"stress: it does not fail": 1} == there.manifest.refused
    assert {"by hand"} == {one.origin.algorithm for one in there.records}


def test_coverage_records_have_all_pairs(tmp_path: Path) -> None:
    """However few were asked for; the others lie in as many bands of likelihood as there are."""
    few, more = (built(tmp_path / str(n), {"coverage": n}) for n in (1, 30))

    assert 1.0 == few.manifest.coverage["share"] == more.manifest.coverage["share"]
    assert {"pairs"} == {one.origin.algorithm for one in few.records}
    assert 30 == len(more.records)
    assert {"strata"} == {one.origin.algorithm for one in more.records} - {"pairs"}
    assert {"1e-2 and above", "1e-4 to 1e-2"} <= {one.stratum.likelihood_band for one in more.records}


def test_a_rare_event_is_told_by_a_fitted_proposal(tmp_path: Path) -> None:
    """Of one in twenty thousand, and for who the set was not built against; anybody could draw the records again."""
    there = built(tmp_path / "set", {"estimating": 400}, threshold=5.5, calls=6_000)
    ours, other = there.manifest.estimate, score(there.path, {"agent": "lazy?share=-0.3"}).rate

    assert ours is not None
    assert ours.low < truth(0.0, 5.5) < ours.high
    assert other.low < truth(-0.3, 5.5) < other.high
    assert ours.ess > 10
    assert ("mixture", 0.1) == (there.manifest.proposal["kind"], there.manifest.proposal["defensive"])
    proposal = msgspec.convert(there.manifest.proposal, Proposal)
    _, rows, logs = proposal.sample(
        Cube(Boiler.space), numpy_stream(there.manifest.proposal["seed"], "estimating"), 400
    )
    assert [one.scenario.values for one in there.records] == rows
    assert [one.weight for one in there.records] == pytest.approx(np.exp(logs).tolist())


def test_without_anything_that_fails_there_is_no_stress_set(tmp_path: Path) -> None:
    """The message says how long was searched, and no folder is left."""
    with pytest.raises(
        UsageError, match=r"got none in 500 calls; search longer, or lower the threshold of 99"
    ):
        built(tmp_path / "set", {"stress": 3}, threshold=99.0, calls=500)
    with pytest.raises(UsageError, match="or calls to search for them, got neither"):
        built(tmp_path / "set", {"stress": 3})
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("grade", "message"), [("float('nan')", "got nan for"), ("1 / 0", "got ZeroDivisionError")]
)
def test_a_severity_that_is_no_number_builds_nothing(tmp_path: Path, grade: str, message: str) -> None:
    """One message says for which scenario."""
    (tmp_path / "odd.py").write_text(
        "from tests.fixtures.boilers import Boiler as Base, Severity, agent, customer, lazy\n\n"
        "class Boiler(Base):\n"
        f"    severities = (Severity(name='odd', of=lambda episode: {grade}, threshold=1.0, about='nothing'),)\n"
    )

    with pytest.raises(UsageError, match=message):
        built(tmp_path / "set", {"control": 2}, world=f"{tmp_path}/odd.py:Boiler")
