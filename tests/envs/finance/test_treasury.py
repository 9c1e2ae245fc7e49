"""The treasury of a firm: money that adds up, obligations that are met or not, and a bankruptcy of known probability."""

import warnings
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from gristmill import registry
from gristmill.envs.finance.firm import FACTOR, SALES, begin, week
from gristmill.envs.finance.treasury import COST, Treasury, shortage
from gristmill.envs.stepped.types import State
from gristmill.play import play, replays
from gristmill.seeding import numpy_stream
from gristmill.severity import severity_of
from gristmill.types import Episode, Scenario
from gristmill.workflows.run import seat_policies
from tests.envs.truths import treasury_truth

WORLD = "finance/treasury-v1"
STILL: dict[str, Any] = {
    "lateness": 0.0,
    "price": 0.0,
}  # customers pay in time, and supplies cost what was planned


def values(index: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the values of a calm scenario, with changes."""
    drawn = Treasury.space.sample(7, index)
    calm = {"customer": "pays", "supplier": "delivers", "bank": "lends"}
    kept = {name: one for name, one in drawn.items() if not Treasury.space.fields[name].condition}
    return {**kept, **calm, **changes}


def after(state: State, weeks: int = 1, **controls: float) -> State:
    """Return a firm after some weeks, in each of which the treasurer does the same."""
    action = np.array([[controls.get(name, 0.0) for name in Treasury.controls]], dtype=np.float32)
    for number in range(weeks):
        week(state, action, np.array([number]))
    return state


def played(policy: str, scenarios: list[Scenario]) -> list[Episode]:
    """Return the episodes of a treasurer."""
    return list(play(registry.world(WORLD), scenarios, seat_policies(WORLD, {"treasurer": policy}), seed=3))


def test_gymnasium_checker() -> None:
    """Gymnasium's own checker passes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice is about bounded spaces
        check_env(Treasury(), skip_render_check=True)


def test_a_quiet_week() -> None:
    """In a week as planned, cash goes by what is due less costs, supplies and interest."""
    before = begin([values(**STILL)])
    cash, drawn, fixed, supplies = (float(before[name][0]) for name in ("cash", "drawn", "fixed", "supplies"))

    expected = cash + SALES - fixed - supplies - 0.085 / 52 * drawn

    assert expected == pytest.approx(after(before)["cash"][0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(0, 10**6))
def test_money_adds_up(index: int, seed: int) -> None:
    """What the firm owns less what it owes changes by what it sells less what it spends, whatever the treasurer does."""
    state = begin([values(index)])
    box = Treasury().action_space
    stream = numpy_stream(seed, "acts")

    def worth() -> float:
        bills, due = state["bills"].sum(), state["due"].sum()
        spent = state["paid_out"][0] + state["financing"][0]
        return float(state["cash"][0] + due - bills - state["drawn"][0] + spent)

    for number in range(10):
        before = worth()
        action = stream.uniform(box.low, box.high).astype(np.float32)[None]  # type: ignore[attr-defined]  # a Box
        week(state, action, np.array([number]))
        price = state["price"][0, number]
        spent = state["fixed"][0] + state["supplies"][0] * price
        assert worth() - before == pytest.approx(state["sold"][0] - spent)


def test_default_writes_off() -> None:
    """When the largest customer defaults, its share of all open invoices is lost."""
    firm = after(begin([values(**STILL, share=0.25, customer="defaults", customer_week=0)]))

    assert firm["written_off"][0] == pytest.approx(0.25 * 4 * SALES)


def test_frozen_line() -> None:
    """Nothing can be drawn on a line that is frozen, and what is drawn stays."""
    firm = begin([values(**STILL, bank="freezes", bank_week=0)])
    drawn = firm["drawn"][0].copy()

    assert after(firm, line=1.0)["drawn"][0] == drawn


def test_called_line() -> None:
    """A line that is called is paid back in eight weeks."""
    firm = begin([values(**STILL, bank="calls", bank_week=0, buffer=60.0)])

    assert after(firm, 8)["drawn"][0] == pytest.approx(0.0, abs=1e-9)


def test_factor_pays_at_once() -> None:
    """Invoices that are sold come in now, at a discount."""
    sold, kept = (after(begin([values(**STILL)]), factor=share) for share in (1.0, 0.0))

    assert sold["cash"][0] - kept["cash"][0] == pytest.approx(3 * SALES * (1.0 - FACTOR))


def test_put_off_bills_come_back() -> None:
    """A bill that is put off is paid two weeks later, with a fee."""
    firm = begin([values(**STILL, buffer=60.0)])
    bill = float(firm["supplies"][0])
    after(firm, delay=1.0)

    assert firm["bills"][0].tolist() == pytest.approx([0.0, bill])
    assert after(firm, 2)["bills"][0].tolist() == pytest.approx([0.0, 0.0])


def test_bank_covers_what_cash_does_not() -> None:
    """What cash does not cover is drawn on the line, with a fee, and the firm goes on."""
    firm = after(begin([values(**STILL, margin=0.3, fixed=32.0)]), payout=4.0)
    short = 32.0 + 70.0 + 0.085 / 52 * (firm["drawn"][0] - firm["unarranged"][0]) - SALES

    assert firm["unarranged"][0] == pytest.approx(1.01 * short)
    assert firm["cash"][0] == pytest.approx(0.0)
    assert firm["headroom"][0] > 0.0


def test_severity_is_decided_week_by_week() -> None:
    """What is left of the shocks after a week does not change the severities until then."""
    whole = values(1)
    other = {**whole, "weeks": [*whole["weeks"][:20], *values(2)["weeks"][20:]]}
    first, second = (
        shortage(one) for one in played("typical", [Scenario.of(WORLD, whole), Scenario.of(WORLD, other)])
    )

    assert first[:20] == second[:20]
    assert first != second
    assert first == sorted(first)


def test_bankruptcy_ends_the_year() -> None:
    """Who pays owners all there is goes bankrupt, and the log says when."""
    (episode,) = played("random", [Scenario.of(WORLD, values())])
    last = episode.entries[-1]
    assert episode.steps is not None

    assert (last["event"], last["step"]) == ("bankrupt", len(episode.steps) - 1)
    assert severity_of(Treasury()).of(episode) >= 0.0
    assert "fail" == next(one.status for one in Treasury().checks(episode) if one.name == "solvent")


def test_what_befalls_the_firm_is_logged() -> None:
    """The log tells of a customer's default, a supplier's bankruptcy and a frozen line, each in its week."""
    struck = values(
        customer="defaults",
        customer_week=5,
        supplier="bankrupt",
        supplier_week=9,
        gap=4,
        bank="freezes",
        bank_week=2,
    )
    (episode,) = played("expert", [Scenario.of(WORLD, struck)])

    expected = [
        ("bank freezes the line", 2), ("largest customer defaults", 5), ("key supplier goes bankrupt", 9),
        ("another supplier delivers", 13),
    ]  # fmt: skip
    assert expected == [(one["event"], one["step"]) for one in episode.entries[1:]]


def test_drawing_the_whole_line_to_be_safe_is_too_dear() -> None:
    """Who draws all of it through most of the year pays more interest than the plan allows; the expert does not."""
    rows = 60
    scenarios = [Scenario.of(WORLD, values(index)) for index in range(rows)]
    env = Treasury().vector(rows)
    env.reset(options={"scenarios": scenarios})
    for number in range(Treasury.horizon):
        env.step(np.tile(np.array([1.0 if number < 40 else -1.0, 0.0, 0.0, 0.0]), (rows, 1)))
    drew = [env.state(row)["financing"] for row in range(rows)]
    spent = [one.state["financing"] for one in played("expert", scenarios)]
    most = COST * Treasury.horizon * SALES

    assert sum(one > most for one in drew) > 0.8 * rows
    assert sum(one > most for one in spent) < 0.05 * rows


def test_replays_to_the_bit() -> None:
    """Recorded actions lead to the same record."""
    world = Treasury()
    episodes = played("expert", [world.scenario(5, index) for index in range(8)])

    assert [one.state_digest for one in episodes] == [one.state_digest for one in replays(world, episodes)]


@pytest.mark.parametrize("buffer", [12.0, 20.0])
def test_bankruptcy_has_the_probability_of_the_walk(buffer: float) -> None:
    """Who does nothing, and can draw nothing, goes bankrupt as often as the random walk does."""
    truth, rows = treasury_truth(buffer), 800
    severity = severity_of(Treasury()).of
    found = sum(
        severity(one) >= truth.threshold
        for one in played(truth.seats["treasurer"], truth.scenarios(3, range(rows)))
    )

    assert abs(found - rows * truth.p) < 3.5 * np.sqrt(rows * truth.p * (1.0 - truth.p))


@pytest.mark.slow
def test_rare_bankruptcy_has_the_probability_of_the_walk() -> None:
    """The same, at a chance of about one in two hundred."""
    truth, rows = treasury_truth(25.0), 20_000
    severity = severity_of(Treasury()).of
    found = sum(severity(one) >= 0.0 for one in played("noop", truth.scenarios(4, range(rows))))

    assert abs(found - rows * truth.p) < 3.5 * np.sqrt(rows * truth.p)


def test_truth_is_rare() -> None:
    """By default, the exact probability is about one in a hundred thousand."""
    assert 0.5e-5 < treasury_truth().p < 2e-5
