"""The activity log of a collaboration in words."""

from django.utils.translation import gettext_lazy as _

from viavolta.hub.collaborate.verbs import Verb

LOG_WORDS = {
    str(Verb.COLLABORATION_STARTED): _("started"),
    str(Verb.COLLABORATION_CHANGED): _("changed"),
    str(Verb.COLLABORATION_INVITED): _("an organisation was invited"),
    str(Verb.COLLABORATION_JOINED): _("an organisation joined"),
    str(Verb.COLLABORATION_LEFT): _("an organisation left"),
    str(Verb.COLLABORATION_WROTE): _("a member wrote"),
    str(Verb.COLLABORATION_MET): _("minutes of a meeting were written"),
    str(Verb.PROJECT_ADDED): _("a project was entered"),
    str(Verb.PROJECT_CHANGED): _("a project was changed"),
}
