"""`gristmill league`, and a league in `gristmill report`."""

from pathlib import Path

import pytest

from gristmill.cli.app import main
from gristmill.digest import decode

COINS = f"{Path(__file__).parents[1] / 'fixtures' / 'coins.py'}:Coins"
FOUR = ["--player=hard", "--player=fair", "--player=soft", "--player=slow"]


def run(*words: str) -> int:
    """Run a command."""
    return main(["league", COINS, *words])


def test_tables_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who leads, the standings, the matrix; the page lies in the folder."""
    code = run(*FOUR, "-n", "12", "--out", str(tmp_path / "league"))
    shown = capsys.readouterr().out

    assert 0 == code
    assert "is rated highest" in shown
    assert all(words in shown for words in ("Nash share", "as left", "long run", "mean score against"))
    assert (tmp_path / "league" / "league.html").exists()


def test_an_answer_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with everything."""
    code = run(
        *FOUR, "-n", "5", "--out", str(tmp_path / "league"), "--pairing=random", "--matches=4", "--json"
    )
    answer = decode(capsys.readouterr().out)

    assert 0 == code
    assert 4 == len(answer["league"]["players"])
    assert 4 + 2 * 4 == len(answer["league"]["meetings"])


def test_the_page_names_the_command_that_made_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With all that decides what comes out."""
    out = tmp_path / "league"
    run(*FOUR, "-n", "3", "--seed", "9", "--pairing=random", "--matches=3", "--out", str(out))

    words = f"{' '.join(FOUR)} --out={out} -n=3 --seed=9 --pairing=random --matches=3"
    assert f"gristmill league {COINS} {words}" in (out / "league.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--player=fair"], "at least two players, got only 'fair'"),
        ([], "at least two players, got none"),
        (["--player=fair", "--player=fair"], "each player once"),
        ([*FOUR, "--pairing=swiss"], "Unknown pairing 'swiss'"),
        ([*FOUR, "--level=sworn"], "Unknown level 'sworn'"),
        ([*FOUR, "--matches=3"], "random pairings only"),
        ([*FOUR, "--scenarios=some.jsonl", "-n", "3"], "either -n or --scenarios"),
        ([*FOUR, "-n", "9999999"], "Expected at most"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    """Exit code 2, and nothing is made."""
    code = run(*words, "--out", str(tmp_path / "league"))

    assert 2 == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "league").exists()


def test_a_league_of_which_nothing_was_judged_fails(tmp_path: Path) -> None:
    """Exit code 1, since it did not do what was asked."""
    broken = f"{COINS.rpartition(':')[0]}:out_of_order"
    code = run(f"--player={broken}", "--player=silent", "-n", "2", "--out", str(tmp_path / "league"))

    assert 1 == code


def test_a_report_shows_a_league(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone or beside runs."""
    run(*FOUR, "-n", "3", "--out", str(tmp_path / "league"))
    capsys.readouterr()
    code = main(["report", f"--league={tmp_path / 'league'}", "--out", str(tmp_path / "page.html")])

    assert 0 == code
    assert "is rated highest" in capsys.readouterr().out
    assert "Standings" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 2 == main(["report", "--out", str(tmp_path / "page.html")])
    assert 2 == main(["report", f"--league={tmp_path}", "--out", str(tmp_path / "page.html")])
