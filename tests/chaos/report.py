"""What a run came to: as a page for people, and as JSON, so that several runs can be added up."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.judge import Verdict


@dataclass(frozen=True)
class Report:
    """One run."""

    level: str
    engine: str
    seed: int
    stories: int
    seconds: float
    killed: Counter[str]
    verdict: Verdict
    turned_away: Counter[str]

    @property
    def is_clean(self) -> bool:
        return not self.verdict.differences

    def text(self) -> str:
        """The run in words."""
        rate = self.stories / self.seconds
        lines = [
            f"{self.level} on {self.engine}, seed {self.seed}: {self.stories} stories, {self.killed.total()} kills",
            f"  {self.seconds:.0f} s, {rate:.1f} stories a second",
            f"  killed: {_listed(self.killed)}",
            f"  turned away, and said again: {_listed(self.turned_away)}",
            f"  {_listed(self.verdict.counts)}",
            f"  francs: {_listed(self.verdict.francs)}",
            f"  waits for a person, rightly: {_listed(self.verdict.waiting)}",
            f"  differences: {len(self.verdict.differences)}",
        ]
        return "\n".join([*lines, *(f"    ❌ {each}" for each in self.verdict.differences[:40])])

    def keep(self, folder: Path) -> Path:
        """Write it down; gives the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.level}-{self.engine}-{self.seed}.json"
        path.write_text(json.dumps(vars(self), default=vars, ensure_ascii=False, indent=1), encoding="utf-8")
        return path


def total(folder: Path) -> str:
    """All runs that are kept there, added up."""
    lines = []
    for level in ("services", "chat"):
        runs = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"{level}-*.json"))]
        if not runs:
            continue
        killed: Counter[str] = Counter()
        francs: Counter[str] = Counter()
        for each in runs:
            killed.update(each["killed"])
            francs.update(each["verdict"]["francs"])
        lines.append(
            f"{level}: {sum(each['stories'] for each in runs)} stories in {len(runs)} runs, {killed.total()} kills"
            f" ({_listed(killed)}); {_listed(francs)};"
            f" differences {sum(len(each['verdict']['differences']) for each in runs)}"
        )
        lines += [
            f"  seed {each['seed']}, {each['engine']}: {each['stories']} stories, {sum(each['killed'].values())} kills,"
            f" {each['seconds']:.0f} s"
            for each in runs
        ]
    return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing"
