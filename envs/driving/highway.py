"""`driving/highway-v1`: keep up with the traffic on a motorway, and come through without a collision."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from gristmill.envs.driving.motion import LANE, LENGTH, WIDTH, apart, contact, moved, seconds_left
from gristmill.envs.driving.picture import drawn
from gristmill.envs.driving.scenarios import ANIMALS, BRAKING, DT, HORIZON, SPACE, WEATHER, stratum
from gristmill.envs.stepped.types import Array, Observation, Quantity, State, Values, column
from gristmill.envs.stepped.world import SteppedWorld
from gristmill.severity import Kind, Severity
from gristmill.types import Entry

__all__ = ["Highway"]

AHEAD, BESIDE, ANIMAL = 0, 1, 2  # the others, in order
_NAMES = ("the vehicle ahead", "the vehicle beside", "the animal")
_GRAVITY = 9.81  # m/s²
_NEVER = 10 * HORIZON  # a step that does not come
_FAR = 1_000.0  # m; how far away that seems to be which is not seen
_EDGE = 0.5 * LANE  # m from the middle of a lane to its edge
_AWAY = -20.0  # m to the side, where an animal is before it comes onto the road
_STEER = 0.3  # of what the tyres can hold, for moving aside
_MERGE = 1.5  # m/s to the side of who cuts in
_YIELD = 4.0  # m/s² by which they slow down behind the vehicle ahead
_ROOM = 4.0  # m before and behind oneself that one takes for room enough to cut in
_SPANS = {  # of what is observed, among all the numbers of it
    "own": slice(0, 3), "ahead": slice(3, 5), "beside": slice(5, 8), "animal": slice(8, 11), "road": slice(11, 13),
    "driver": slice(13, 15),
}  # fmt: skip
_BEHIND = (5.0, 3.0)  # m, and s at one's speed, to what is next in the lane that are keeping up
_BEHIND_AN_ANIMAL = 400.0  # m to the vehicle ahead that are, where one may have had to stop
_FLOW = 8.0  # m/s by which the speed in the flow of traffic may differ from that of what is next in the lane
_NEAREST = 1.0  # s to the vehicle ahead, on the way
_HEADWAY = 1.5  # s to what is next in the lane, at the end
_INSIDE = 0.5 * (LANE - WIDTH)  # m from the middle of the lane, as far as one is wholly in it
_CREEP = 5.0  # m/s; below it, seconds behind another are counted as if one drove so fast


class Highway(SteppedWorld):
    """Drive for twenty seconds on the right of two lanes, behind a vehicle that will slow down."""

    id: ClassVar[str] = "driving/highway-v1"
    task = (
        "Keep up with the vehicle ahead without touching anything and without leaving the road, and never be less than "
        f"{_NEAREST:g} s behind it. After {HORIZON * DT:g} s, be in the right lane, at least {_HEADWAY:g} s behind what is next "
        f"in it, no more than {_BEHIND[0]:g} m and {_BEHIND[1]:g} s behind that, and within {_FLOW:g} m/s of its speed; or, "
        f"where an animal came onto the road, within {_BEHIND_AN_ANIMAL:g} m behind the vehicle ahead."
    )
    seat = "driver"
    space = SPACE
    horizon, dt = HORIZON, DT
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "own": Quantity(3, "m/s, m, m/s", "speed, place from the middle of the right lane to the left, speed to the left"),
        "ahead": Quantity(2, "m, m/s", "gap to the vehicle ahead, and its speed; what is not seen seems far away"),
        "beside": Quantity(3, "m, m, m/s", "how far ahead its rear is, place across the road, and speed of the other"),
        "animal": Quantity(3, "m, m, m/s", "how far ahead it is, place across the road, and speed to the left"),
        "road": Quantity(2, "m, m/s²", "how far one sees, and the most that the brakes can do", low=0.0),
        "driver": Quantity(2, "s, ", "how long a person at the wheel takes to react, and whether their eyes are on the road", low=0.0),
    }  # fmt: skip
    controls: ClassVar[Mapping[str, Quantity]] = {
        "acceleration": Quantity(
            1, "m/s²", "of the vehicle, as far as tyres and brakes can do it", -11.0, 3.0
        ),
        "aside": Quantity(1, "m/s", "speed to the left", -2.0, 2.0),
    }

    grounds: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "untouched": ("touched", "touched_step", "impact"),
        "on_road": ("off_step", "across"),
        "in_lane": ("across",),
        "kept_up": ("animal", "gap", "room", "speed"),
        "in_flow": ("animal", "slower"),
        "kept_distance": ("closest", "room", "speed"),
    }
    severities: ClassVar[Sequence[Severity]] = (
        Severity(
            name="collision",
            of=lambda episode: float(episode.state["danger"]),
            threshold=0.0,
            about="by how many seconds full braking came too late to avoid a collision; below 0, how many were left",
            unit="s",
        ),
    )
    kinds: ClassVar[Sequence[Kind]] = (
        Kind.field("weather", tuple(WEATHER)),
        Kind.field("animal", ("none", *ANIMALS)),
        Kind.field("distracted", (False, True)),
        Kind.bands("speed", (29.0, 34.0), "m/s"),
    )

    def begin(self, values: Sequence[Values]) -> State:
        rows = len(values)
        weather = np.array([WEATHER[one["weather"]] for one in values])
        speed = column(values, "speed") * weather[:, 2]
        holds = _GRAVITY * weather[:, 0] * column(values, "grip")  # what tyres hold, m/s²
        glance = column(values, "glance_step", _NEVER)
        none = np.full(rows, -1)
        state = {
            "x": np.zeros(rows),
            "speed": speed,
            "before": speed.copy(),  # at the beginning of the step
            "y": np.zeros(rows),
            "aside": np.zeros(rows),
            "braking": np.minimum(column(values, "brakes"), holds),
            "sight": weather[:, 1] * column(values, "clarity"),
            "reaction": column(values, "reaction"),
            "glance": np.stack([glance, glance + column(values, "glance") / DT], axis=1),
            "step": np.zeros(rows, dtype=np.int64),
            **self._others(values, speed, holds),
            **{name: none.copy() for name in ("merged", "touched", "touched_step", "off_step")},
            "impact": np.zeros(rows),
            "danger": np.full(rows, -np.inf),
            "closest": np.full(rows, np.inf),
        }
        state["gap"], state["clear"] = self._apart(state)
        self._watch(state)
        return state

    def _others(self, values: Sequence[Values], speed: Array, holds: Array) -> State:
        """Return where the others are, and what they will do."""
        rows = len(values)
        ahead = np.maximum(speed + column(values, "ahead_faster"), 5.0)
        beside = np.maximum(speed + column(values, "beside_faster"), 5.0)
        rate = np.array([BRAKING[one["ahead_brakes"]] for one in values]) * column(values, "ahead_rate")
        cut_step = column(values, "cut_step", _NEVER)
        # Who cuts in is that far ahead then, if the own speed is still what it was.
        cut_from = column(values, "cut_gap") - (beside - speed) * DT * cut_step
        beside_gap = np.where(cut_step < _NEVER, cut_from, column(values, "beside_gap"))
        animals = [ANIMALS.get(one["animal"], ANIMALS["dog"]) for one in values]
        cars = np.ones((2, rows))
        return {
            "places": np.stack([speed * column(values, "headway"), beside_gap, np.full(rows, _FAR)], axis=1),
            "speeds": np.stack([ahead, beside, np.zeros(rows)], axis=1),
            "across": np.tile([0.0, LANE, _AWAY], (rows, 1)),
            "lengths": np.stack([*cars * LENGTH, [one.length for one in animals]], axis=1),
            "widths": np.stack([*cars * WIDTH, [one.width for one in animals]], axis=1),
            "ahead_step": column(values, "ahead_step"),
            "ahead_rate": np.minimum(rate, holds),
            "ahead_slow": ahead * column(values, "ahead_keeps"),
            "ahead_gains": column(values, "ahead_gains"),
            "ahead_fast": ahead,
            "slowed": np.zeros(rows, dtype=bool),
            "cut_step": cut_step,
            "animal_step": column(values, "animal_step", _NEVER),
            "animal_gap": column(values, "animal_gap"),
            "animal_speed": column(values, "animal_speed"),
        }

    def advance(self, state: State, actions: Array, step: Array) -> None:
        before = (state["places"] - state["x"][:, None], state["gap"], state["clear"])
        state["step"] = step
        self._move_others(state, step)
        self._move_own(state, actions)
        state["step"] = step + 1
        state["gap"], state["clear"] = gap, clear = self._apart(state)
        touched, share = contact(before, (state["places"] - state["x"][:, None], gap, clear))
        self._watch(state)
        if touched.any():
            self._collide(state, touched, share)
        y = state["y"]
        off = (y < -_EDGE) | (y > LANE + _EDGE)  # half of it has left the road
        if off.any():
            state["off_step"] = np.where(off, step, state["off_step"])

    def _move_own(self, state: State, actions: Array) -> None:
        braking, speed = state["braking"], state["speed"]
        state["before"] = speed
        way, state["speed"] = moved(speed, np.clip(actions[:, 0], -braking, braking), DT)
        state["x"] = state["x"] + way
        most = _STEER * braking * DT
        wanted = np.minimum(np.maximum(actions[:, 1], -0.2 * speed), 0.2 * speed)
        state["aside"] = state["aside"] + np.minimum(np.maximum(wanted - state["aside"], -most), most)
        state["y"] = state["y"] + state["aside"] * DT

    def _move_others(self, state: State, step: Array) -> None:
        places, speeds, across = state["places"], state["speeds"], state["across"]
        ahead = speeds[:, AHEAD]
        slower = np.maximum(ahead - state["ahead_rate"] * DT, np.minimum(ahead, state["ahead_slow"]))
        faster = np.minimum(ahead + state["ahead_gains"] * DT, np.maximum(ahead, state["ahead_fast"]))
        after = np.where(state["slowed"], faster, np.where(step >= state["ahead_step"], slower, ahead))
        state["slowed"] = state["slowed"] | (after <= state["ahead_slow"])
        ways = speeds * DT
        ways[:, AHEAD] = 0.5 * DT * (ahead + after)
        speeds[:, AHEAD] = after
        if (cutting := step >= state["cut_step"]).any():
            self._cut_in(state, cutting, step)
        places += ways
        coming = step == state["animal_step"]
        if coming.any():
            places[coming, ANIMAL] = state["x"][coming] + state["animal_gap"][coming]
            across[coming, ANIMAL] = -_EDGE - 0.5 * state["widths"][coming, ANIMAL]
        across[:, ANIMAL] += np.where(step >= state["animal_step"], state["animal_speed"] * DT, 0.0)

    def _cut_in(self, state: State, cutting: Array, step: Array) -> None:
        """Let those who want to come over once there is room, and then keep behind the vehicle ahead."""
        places, speeds, across = state["places"], state["speeds"], state["across"]
        closing = speeds[:, BESIDE] - speeds[:, AHEAD]
        # m to get down to the speed of the vehicle ahead, while that may slow down half as fast
        stopping = np.maximum(closing, 0.0) ** 2 / _YIELD
        before = places[:, AHEAD] - places[:, BESIDE] - LENGTH  # m to its rear
        past = (before < -2.0 * LENGTH - _ROOM) & (speeds[:, BESIDE] >= state["ahead_fast"])
        clear = past | (before > _ROOM + stopping)
        room = clear & (state["gap"][:, BESIDE] > _ROOM) & (places[:, BESIDE] > state["x"])
        state["merged"] = np.where(cutting & room & (state["merged"] < 0), step, state["merged"])
        merging = state["merged"] >= 0
        across[:, BESIDE] = np.where(
            merging, np.maximum(across[:, BESIDE] - _MERGE * DT, 0.0), across[:, BESIDE]
        )
        near = (before > -LENGTH) & (before < 1.5 * speeds[:, BESIDE] + stopping)
        slower = np.maximum(speeds[:, BESIDE] - _YIELD * DT, np.minimum(speeds[:, BESIDE], speeds[:, AHEAD]))
        faster = np.minimum(speeds[:, BESIDE] + DT, np.maximum(speeds[:, BESIDE], speeds[:, AHEAD]))
        speeds[:, BESIDE] = np.where(merging, np.where(near, slower, faster), speeds[:, BESIDE])

    def _apart(self, state: State) -> tuple[Array, Array]:
        return apart(
            state["x"], state["y"], state["places"], state["across"], state["lengths"], state["widths"]
        )

    def _watch(self, state: State) -> None:
        """Keep the least time that was left, negated, and the fewest seconds behind the vehicle ahead in its lane."""
        own, gap = state["speed"][:, None], state["gap"]
        closing = own - state["speeds"]  # that of animals along the road is 0
        closing = np.where(state["places"] > state["x"][:, None], closing, -closing)
        left = seconds_left(
            np.maximum(gap, 0.0), np.maximum(state["clear"], 0.0), closing, own, state["braking"][:, None]
        )
        state["danger"] = np.maximum(state["danger"], -left.min(axis=1))
        behind = (state["places"][:, AHEAD] - state["x"]) / np.maximum(state["speed"], _CREEP)
        in_lane = (behind > 0) & (state["clear"][:, AHEAD] < 0)
        state["closest"] = np.where(in_lane, np.minimum(state["closest"], behind), state["closest"])

    def _collide(self, state: State, touched: Array, share: Array) -> None:
        """Note what was touched first, how fast, and by how many seconds braking came too late."""
        rows = np.asarray(touched.any(axis=1))
        first = np.where(touched, share, 2.0).argmin(axis=1)
        every = np.arange(len(rows))
        own = state["before"] + share[every, first] * (state["speed"] - state["before"])
        impact = np.abs(own - state["speeds"][every, first])
        late = impact**2 / (2.0 * state["braking"]) / np.maximum(own, 5.0)
        state["touched"] = np.where(rows, first, state["touched"])
        state["touched_step"] = np.where(rows, state["step"] - 1, state["touched_step"])
        state["impact"] = np.where(rows, impact, state["impact"])
        state["danger"] = np.where(rows, late, state["danger"])

    def observe(self, state: State) -> Observation:
        along = state["places"] - state["x"][:, None]
        seen: Array = np.abs(along) <= state["sight"][:, None]
        seen[:, ANIMAL] &= state["step"] > state["animal_step"]  # before that it is nowhere
        along = np.where(seen, along, _FAR)
        speeds = np.where(seen, state["speeds"], state["speed"][:, None])
        across = np.where(seen, state["across"], _AWAY)
        glance = state["glance"]
        found = np.empty((len(state["x"]), 15))
        found[:, 0], found[:, 1], found[:, 2] = state["speed"], state["y"], state["aside"]
        found[:, 3], found[:, 4] = along[:, AHEAD], speeds[:, AHEAD]
        found[:, 5], found[:, 6], found[:, 7] = along[:, BESIDE], across[:, BESIDE], speeds[:, BESIDE]
        found[:, 8], found[:, 9] = along[:, ANIMAL], across[:, ANIMAL]
        found[:, 10] = np.where(seen[:, ANIMAL], state["animal_speed"], 0.0)
        found[:, 11], found[:, 12], found[:, 13] = state["sight"], state["braking"], state["reaction"]
        found[:, 14] = (state["step"] < glance[:, 0]) | (state["step"] >= glance[:, 1])
        return {name: found[:, span] for name, span in _SPANS.items()}

    def outcome(self, state: State) -> State:
        ahead = state["places"] - state["x"][:, None]
        in_lane = (ahead > 0) & (state["clear"] < 0)
        room = np.where(in_lane, ahead, _FAR)
        following = state["speeds"][np.arange(len(room)), room.argmin(axis=1)]
        return {
            "distance": state["x"],
            "speed": state["speed"],
            "across": state["y"],
            "gap": ahead[:, AHEAD],
            "room": room.min(axis=1),
            "slower": following - state["speed"],
            "closest": np.minimum(state["closest"], _FAR),
            "animal": state["step"] > state["animal_step"],
            "touched": state["touched"],
            "touched_step": state["touched_step"],
            "impact": state["impact"],
            "off_step": state["off_step"],
            "merged": state["merged"],
            "danger": state["danger"],
        }

    def over(self, outcome: State) -> Array:
        over: Array = (outcome["touched"] >= 0) | (outcome["off_step"] >= 0)
        return over

    def predicates(self, outcome: State) -> dict[str, Array]:
        gap, speed, animal = outcome["gap"], outcome["speed"], outcome["animal"]
        behind = (gap > 0) & (gap <= _BEHIND_AN_ANIMAL)
        return {
            "untouched": outcome["touched"] < 0,
            "on_road": outcome["off_step"] < 0,
            "in_lane": np.abs(outcome["across"]) <= _INSIDE,
            "kept_up": np.where(animal, behind, outcome["room"] <= _BEHIND[0] + _BEHIND[1] * speed),
            "in_flow": animal | (np.abs(outcome["slower"]) <= _FLOW),
            "kept_distance": (outcome["closest"] >= _NEAREST) & (outcome["room"] >= _HEADWAY * speed),
        }

    def log(self, values: Values, outcome: dict[str, Any]) -> list[Entry]:
        def event(name: str, step: Any, **more: Any) -> Entry:
            return {"from": "world", "event": name, "step": step, **more}

        found = [event("the vehicle ahead slows down", values["ahead_step"], how=values["ahead_brakes"])]
        if values["animal"] != "none":
            found.append(
                event(f"{values['animal']} on the road", values["animal_step"], gap=values["animal_gap"])
            )
        if values["distracted"]:
            found.append(event("the eyes leave the road", values["glance_step"], seconds=values["glance"]))
        if outcome["merged"] >= 0:
            found.append(event("the vehicle beside cuts in", outcome["merged"]))
        if outcome["off_step"] >= 0:
            found.append(event("off the road", outcome["off_step"]))
        if outcome["touched"] >= 0:
            name = _NAMES[int(outcome["touched"])]
            found.append(event("collision", outcome["touched_step"], touched=name, impact=outcome["impact"]))
        return sorted(
            (one for one in found if one["step"] < outcome["steps"]), key=lambda one: int(one["step"])
        )

    def stratum(self, values: Values) -> str:
        return stratum(values)

    def draw(self, state: State) -> Array:
        return drawn(state)
