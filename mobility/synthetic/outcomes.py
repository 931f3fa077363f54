"""What became of one member of a cohort: episodes and outcome, straight from the text of method 6.2 and 6.3."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from mobility.synthetic.cohort import Member
from mobility.synthetic.days import add_months

FOLLOW_UP_MONTHS = 132
HORIZON_MONTHS = 60
SETTLED_MONTHS = 12
RETURN_DAYS = 90
MIN_EPISODE_DAYS = 90
TEMPORARY_MONTHS = 24
MOST_STOPS = 3
LONGEST_STOP_MONTHS = 36
NO_EXIT = {"home", "dead", "away", "institution", "unplaceable"}
NOT_IN_REGION = {"away", "institution", "other_region", "unplaceable"}


@dataclass(frozen=True)
class Episode:
    """A time in one state, [start, end); the last one ends the day after follow-up."""

    start: date
    end: date
    state: str

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days

    @property
    def is_growth_core(self) -> bool:
        """In a growth core of the region."""
        return self.state.startswith("growth_core")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one member; `destination` is the gemeente of the settled arrival."""

    outcome: str
    path: str
    destination: str | None
    exit_date: date | None
    arrival_date: date | None


def judge(member: Member, cut_off: date) -> Outcome:
    """The outcome of one member when the last day known is `cut_off`."""
    follow_up = min(cut_off, add_months(member.start, FOLLOW_UP_MONTHS))
    episodes = find_episodes(member, follow_up)
    exit_at = next((n for n, episode in enumerate(episodes) if episode.state not in NO_EXIT), None)
    if exit_at is None:
        return Outcome(_without_exit(episodes, member, follow_up), "-", None, None, None)
    exit_date = episodes[exit_at].start
    arrival_at = next(
        (
            n
            for n in range(exit_at, len(episodes))
            if episodes[n].is_growth_core and _lasts(episodes[n], SETTLED_MONTHS)
        ),
        None,
    )
    if arrival_at is None:
        return Outcome(_without_arrival(episodes, exit_at), "-", None, exit_date, None)
    arrival = episodes[arrival_at]
    outcome = _with_arrival(episodes, exit_at, arrival_at, member)
    path = "direct" if arrival_at == exit_at else "stepwise"
    return Outcome(outcome, path, arrival.state.removeprefix("growth_core:"), exit_date, arrival.start)


def find_episodes(member: Member, follow_up: date) -> list[Episode]:
    """Episodes of constant state from the cohort date to the end of follow-up, short ones between equals absorbed."""
    stop = follow_up + timedelta(days=1)
    pieces: list[Episode] = []
    position = member.cohort_date
    for stay in member.stays:
        start, end = max(stay.start, member.cohort_date), stay.end or stop
        if start >= stop:
            break
        if start > position:
            pieces.append(Episode(position, start, "away"))
        pieces.append(Episode(start, min(end, stop), stay.state))
        position = min(end, stop)
    if position < stop:
        pieces.append(
            Episode(position, stop, "dead" if member.death is not None and member.death < position else "away")
        )
    return _absorb(_merge(pieces))


def _merge(episodes: list[Episode]) -> list[Episode]:
    merged: list[Episode] = []
    for episode in episodes:
        if merged and merged[-1].state == episode.state:
            merged[-1] = Episode(merged[-1].start, episode.end, episode.state)
        else:
            merged.append(episode)
    return merged


def _absorb(episodes: list[Episode]) -> list[Episode]:
    """Again and again the first short episode whose neighbours are in one state; never the first, the last or death."""
    for n in range(1, len(episodes) - 1):
        before, episode, after = episodes[n - 1 : n + 2]
        if episode.days < MIN_EPISODE_DAYS and before.state == after.state and episode.state != "dead":
            joined = Episode(before.start, after.end, before.state)
            return _absorb([*episodes[: n - 1], joined, *episodes[n + 2 :]])
    return episodes


def _lasts(episode: Episode, months: int) -> bool:
    return add_months(episode.start, months) <= episode.end


def _without_exit(episodes: list[Episode], member: Member, follow_up: date) -> str:
    """`dead`, `away` or `institution` if that ended home for good; else `censored` or `stayed`."""
    last_home = max(n for n, episode in enumerate(episodes) if episode.state == "home")
    for episode in episodes[last_home + 1 :]:
        if episode.state in ("dead", "away", "institution"):
            return episode.state
    return "censored" if follow_up < add_months(member.start, HORIZON_MONTHS) else "stayed"


def _return_between(episodes: list[Episode], first: int, last: int) -> str | None:
    """`temporary` or `returned` if a stay at home of at least 90 days lies there."""
    limit = add_months(episodes[first].start, TEMPORARY_MONTHS)
    for episode in episodes[first:last]:
        if episode.state == "home" and episode.days >= RETURN_DAYS:
            return "temporary" if episode.start <= limit else "returned"
    return None


def _without_arrival(episodes: list[Episode], exit_at: int) -> str:
    last = episodes[-1]
    if last.is_growth_core and last.days >= MIN_EPISODE_DAYS:
        return "provisional"
    return _return_between(episodes, exit_at, len(episodes)) or "left"


def _with_arrival(episodes: list[Episode], exit_at: int, arrival_at: int, member: Member) -> str:
    exit_date, arrival_date = episodes[exit_at].start, episodes[arrival_at].start
    if any(episode.state == "home" and episode.days >= RETURN_DAYS for episode in episodes[arrival_at + 1 :]):
        return "reversed"
    stops = episodes[exit_at:arrival_at]
    in_time = (
        exit_date <= add_months(member.start, HORIZON_MONTHS)
        and arrival_date <= add_months(exit_date, HORIZON_MONTHS)
        and not any(stop.state == "home" for stop in stops)
        and len(stops) <= MOST_STOPS
        and all(stop.end <= add_months(stop.start, LONGEST_STOP_MONTHS) for stop in stops)
    )
    if in_time:
        return "interrupted" if any(stop.state in NOT_IN_REGION for stop in stops) else "chain"
    return _return_between(episodes, exit_at, arrival_at) or "late"
