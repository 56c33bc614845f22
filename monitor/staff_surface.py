"""The staff surface: every blueprint behind the staff sign-in, each with its guard."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.local import LocalProxy

from monitor import access, i18n
from monitor.access import Action, may
from monitor.care import staff_needs_views as needs
from monitor.care import staff_views as care
from monitor.checkins import staff_entry_views as entries
from monitor.checkins import staff_intake_views as intakes
from monitor.checkins import staff_measures_views as measures
from monitor.checkins import staff_views as checkins
from monitor.checkins import staff_wording_views as wording
from monitor.config import Environment, Settings
from monitor.flags import staff_call_views as calling
from monitor.flags import staff_contact_views as contacts
from monitor.flags import staff_flag_views as flag_pages
from monitor.flags import staff_hand_over_views as handovers
from monitor.flags import staff_load_views as loads
from monitor.flags import staff_team_views as teams
from monitor.flags import staff_views as flags
from monitor.flags.beside import stand_beside
from monitor.http import language, mount, runtime
from monitor.measures.catalogue import use_folder
from monitor.people import staff_views as people
from monitor.progress import staff_caseload_views as caseload
from monitor.progress import staff_feed_views as feeds
from monitor.progress import staff_message_views as messages
from monitor.progress import staff_middle_views as middle
from monitor.progress import staff_review_views as reviews
from monitor.progress import staff_step_down_views as step_downs
from monitor.progress import staff_summary_views as summaries
from monitor.progress import staff_views as progress
from monitor.relapse import staff_board_views as boards
from monitor.relapse import staff_plan_views as plans
from monitor.relapse import staff_reentry_views as returns
from monitor.relapse.guardrail_words import guardrail_label
from monitor.relapse.kinds import Guardrail
from monitor.relapse.plan_now import plan_now


def register(app: Flask) -> None:
    """Register the staff blueprints."""
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,  # a page may lie open for a whole shift
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer, which our pages never send; `http` compares the origin instead
    )
    use_folder(app.extensions["monitor"].settings.instruments_dir)
    CSRFProtect(app)
    access.install(app)
    app.context_processor(_everywhere)
    stand_beside(app, plan_now)
    app.jinja_env.globals["viewer"] = LocalProxy(access.viewer)  # an error page, which has none, does not look
    app.jinja_env.globals["guardrail_name"] = lambda each: guardrail_label(Guardrail(each), language().tag)
    _dates_of_the_region(app)
    mount(app, people.doorway, access.anyone)
    mount(app, people.way_out, access.signed_in)
    mount(app, flags.worklist, access.signed_in)
    mount(app, flag_pages.one_flag, may(Action.SEE_PATIENTS))
    mount(app, flag_pages.flags, may(Action.RECORD))
    mount(app, care.finding, may(Action.SEE_PATIENTS))
    mount(app, contacts.reach, may(Action.SEE_PATIENTS))
    mount(app, calling.calls, may(Action.SEE_PATIENTS))
    mount(app, calling.calling, may(Action.RECORD))
    mount(app, needs.needing, may(Action.SEE_PATIENTS))
    mount(app, needs.needs_stating, may(Action.RECORD))
    mount(app, teams.team, may(Action.SEE_PATIENTS))
    mount(app, teams.absent, may(Action.RECORD))
    mount(app, handovers.handing_over, may(Action.RECORD))
    mount(app, loads.loading, may(Action.SEE_COUNTS))
    mount(app, checkins.enrolling, may(Action.ENROL))
    mount(app, entries.entering, may(Action.RECORD))
    mount(app, intakes.holding, may(Action.RECORD))
    mount(app, intakes.waiting, may(Action.SEE_PATIENTS))
    mount(app, measures.measuring, may(Action.RECORD))
    mount(app, wording.wording, may(Action.ENROL))
    mount(app, progress.record, may(Action.SEE_PATIENTS))
    mount(app, caseload.weekly, may(Action.SEE_PATIENTS))
    mount(app, caseload.looking, may(Action.RECORD))
    mount(app, messages.messages, may(Action.SEE_PATIENTS))
    mount(app, summaries.sharing, may(Action.SEE_PATIENTS))
    mount(app, summaries.agreeing, may(Action.RECORD))
    mount(app, feeds.feed, access.anyone)
    mount(app, feeds.subscribing, may(Action.RECORD))
    mount(app, boards.plans, may(Action.SEE_PATIENTS))
    mount(app, plans.plan, may(Action.SEE_PATIENTS))
    mount(app, plans.planning, may(Action.RECORD))
    mount(app, returns.coming_back, may(Action.RECORD))
    mount(app, progress.appointing, may(Action.RECORD))
    mount(app, middle.middle, may(Action.SEE_PATIENTS))
    mount(app, middle.bursting, may(Action.RECORD))
    mount(app, reviews.reviews, may(Action.SEE_PATIENTS))
    mount(app, reviews.reviewing, may(Action.RECORD))
    mount(app, step_downs.step_down, may(Action.SEE_PATIENTS))
    mount(app, step_downs.guarding, may(Action.RECORD))


def _everywhere() -> dict[str, object]:
    settings = runtime().settings
    return {"service": settings.service_name, "fictional": settings.environment is Environment.DEMO}


def _dates_of_the_region(app: Flask) -> None:
    """Write dates as the service's country does: 24 November or November 24."""
    settings: Settings = app.extensions["monitor"].settings
    region = settings.default_region
    app.jinja_env.filters.update(
        date=lambda value, skeleton="dMMMM": i18n.format_date(value, language().tag, skeleton, region),
        moment=lambda value, zone: i18n.format_moment(value, language().tag, zone, region),
    )
