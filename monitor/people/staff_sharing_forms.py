"""The form on which staff write down whether a patient's own doctor may be told."""

from monitor.people.sharing import Asked
from monitor.people.staff_forms import Typed

SAID = {"yes": True, "no": False}
ASKED = {each.value: each for each in Asked}


class SharingForm(Typed):
    """The form as it was typed."""

    def read(self) -> tuple[bool, Asked] | None:
        """Return what the patient said and how they were asked, or None with every fault noted."""
        said, asked = self.one_of("said", SAID), self.one_of("asked", ASKED)
        return None if said is None or asked is None else (said, asked)
