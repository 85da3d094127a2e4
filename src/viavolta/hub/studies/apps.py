"""Studies as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StudiesConfig(AppConfig):
    """Uploads, studies, scenarios."""

    name = "viavolta.hub.studies"
    label = "studies"

    def ready(self) -> None:
        """Add studies to the pages of the frame, and their kinds of runs to the worker."""
        from viavolta.hub.frame import registry  # noqa: PLC0415 - apps must be loaded
        from viavolta.hub.studies.home import own_studies  # noqa: PLC0415 - apps must be loaded
        from viavolta.hub.studies.results.verdict import (  # noqa: PLC0415 - apps must be loaded
            STUDY_CHECK_KIND,
        )
        from viavolta.hub.studies.running import PLAN_KIND  # noqa: PLC0415 - apps must be loaded
        from viavolta.hub.studies.showcase import (  # noqa: PLC0415 - apps must be loaded
            sample_answer,
        )
        from viavolta.hub.studies.uploads import CHECK_KIND  # noqa: PLC0415 - apps must be loaded
        from viavolta.storage.runs.kinds import register  # noqa: PLC0415 - apps must be loaded

        register(PLAN_KIND)
        register(CHECK_KIND)
        register(STUDY_CHECK_KIND)
        registry.add_to_navigation(
            registry.NavEntry(label=_("Studies"), url_name="studies:list", order=10)
        )
        registry.add_to_navigation(
            registry.NavEntry(
                label=_("Files"),
                url_name="studies:uploads",
                order=30,
                is_for=registry.signed_in,
                area=registry.Area.ACCOUNT,
            )
        )
        registry.add_showcase(sample_answer)
        registry.add_door(
            registry.Door(
                title=_("A planner of a town"),
                text=_("Can it be done, what does it cost, what must the grid do: in ten minutes."),
                url_name="studies:new",
                order=10,
                icon_name="bus",
            )
        )
        registry.add_door(
            registry.Door(
                title=_("An operator of buses or of a grid"),
                text=_("Studies that others published: blocks, charging, connections, feeders."),
                url_name="studies:list",
                order=40,
                icon_name="grid",
            )
        )
        registry.add_to_home(
            registry.HomeSection(template="studies/home.html", order=10, context=own_studies)
        )
