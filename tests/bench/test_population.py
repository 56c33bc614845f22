"""The invented service is what the program itself would have stored, copies too."""

import sqlalchemy as sa

from monitor.bench.courses import NOW, PATIENTS, WEEKS
from monitor.bench.population import Service
from monitor.care.models import Episode
from monitor.checkins.models import CheckIn, CheckInState, Score, Submission
from monitor.db import reading
from monitor.flags.called_for import RULES, sweep
from monitor.flags.proof import states_disagreeing


def test_copies_are_people_of_their_own(service: Service) -> None:
    with reading(service.sessions) as session:
        episodes = session.scalars(sa.select(Episode)).all()
        scores = session.execute(
            sa.select(CheckIn.episode_id, Score.episode_id)
            .join(Submission, Submission.check_in_id == CheckIn.id)
            .join(Score, Score.submission_id == Submission.id)
        ).all()

        assert service.patients == len(episodes) == len({episode.patient_id for episode in episodes}) == 2 * PATIENTS
        assert all(of_check_in == of_score for of_check_in, of_score in scores)
        assert len({of_score for _, of_score in scores}) > 1.9 * PATIENTS


def test_the_state_rows_are_what_the_program_makes_of_the_scores(service: Service) -> None:
    with reading(service.sessions) as session:
        everybody = session.scalars(sa.select(Episode.id)).all()

        assert states_disagreeing(session, everybody) == []


def test_each_kind_of_flag_is_called_for_by_some_and_not_by_most(service: Service) -> None:
    with reading(service.sessions) as session:
        called_for = [kind for _, kind in sweep(session)]

    shares = [called_for.count(kind) / service.patients for kind in RULES]
    assert min(shares) > 0.02
    assert max(shares) < 0.5


def test_everybody_has_one_check_in_that_is_open_now(service: Service) -> None:
    with reading(service.sessions) as session:
        check_ins = session.scalars(sa.select(CheckIn)).all()
        still_open = [check_in for check_in in check_ins if check_in.state(NOW) is CheckInState.OPEN]

        assert sorted(check_in.id for check_in in still_open) == sorted(service.open_check_ins)
        assert len({check_in.episode_id for check_in in still_open}) == service.patients
        assert len(check_ins) > service.patients * WEEKS


def test_what_one_bar_has_used_no_other_gets(sqlite_service: Service) -> None:
    first, second = sqlite_service.take(10), sqlite_service.take(10)

    assert len({*first, *second, *sqlite_service.open_check_ins}) == sqlite_service.patients
