"""A short chaos at the services' doors; `make chaos` is the long one."""

from pathlib import Path

from tests.chaos import services

STORIES = 120
KILLS = 3
A_DAY_LATER = 26 * 60


async def test_whoever_is_killed_whenever_every_franc_is_where_it_belongs(engine: str, tmp_path: Path):
    plan = services.Plan(engine, seed=2026, stories=STORIES, kills=KILLS, at_once=12, afterwards=(A_DAY_LATER,))
    report = await services.run(plan, tmp_path)
    assert report.is_clean, report.text()
    assert report.killed.total() == KILLS
    for done in ("deposit settled", "send done", "contribute done", "payout completed"):
        assert report.verdict.counts[done], report.text()
