"""A sender whose machine sleeps with a text in its hand does not send it when it wakes: others have taken over."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

from monitor.db import Sessions
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import MessageState
from monitor.messaging.twilio_gateway import TwilioGateway
from tests.messaging.outbox_setting import NOON, Outbox
from tests.messaging.sending_processes import LEASE
from tests.messaging.stand_in import running, settings_for


def test_a_sender_that_was_frozen_over_its_lease_sends_nothing(outbox: Outbox, sessions: Sessions) -> None:
    database_url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    text = outbox.text()
    with running() as twilio:
        outbox.with_courier(gateway=TwilioGateway(settings_for(twilio.url)))
        command = [sys.executable, "-m", "tests.messaging.frozen_process", database_url, twilio.url]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sleeper:
            _, status = os.waitpid(sleeper.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            assert outbox.row(text).state is MessageState.SENDING
            time.sleep(LEASE.total_seconds())
            outbox.clock.now = NOON + timedelta(minutes=1)
            assert dispatch(outbox.courier) == DispatchReport(unknown=1)

            os.kill(sleeper.pid, signal.SIGCONT)
            said, _ = sleeper.communicate(timeout=30)

        assert (said, twilio.accepted) == ("postponed\n", [])
        outbox.clock.now = NOON + timedelta(minutes=5)
        assert dispatch(outbox.courier) == DispatchReport(sent=1)
        assert len(twilio.accepted) == 1
