"""Opening labs, who hosts and who takes part, sessions."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from viavolta.hub.collaborate.actions.calendar import GatheringFacts, plan_gatherings
from viavolta.hub.collaborate.slugs import free_slug
from viavolta.hub.frame.events import record
from viavolta.hub.frame.refusals import RefusedError
from viavolta.hub.frame.versions import save_version
from viavolta.hub.labs.models import Lab, LabSession, LabText, Participant, ParticipantState
from viavolta.hub.labs.queries import is_host
from viavolta.hub.labs.regions import languages_of_region
from viavolta.hub.labs.verbs import Verb
from viavolta.hub.people.access import require
from viavolta.hub.people.models import Organisation, Role, User


@dataclass(frozen=True, slots=True, kw_only=True)
class LabFacts:
    """What a lab says of itself; `texts` by language, empty ones are left out."""

    name: str
    nuts: str
    region_name: str
    languages: tuple[str, ...] = ()
    texts: Mapping[str, str]


@transaction.atomic
def open_lab(
    user: User, organisation: Organisation, facts: LabFacts, *, is_sample: bool = False
) -> Lab:
    """Open a lab and host it.

    Raises
    ------
    PermissionDenied: the person is no lab host, or no editor of the organisation.
    """
    require(user, organisation, Role.EDITOR)
    if not user.is_lab_host:
        raise PermissionDenied
    lab = Lab(
        organisation=organisation,
        slug=free_slug(Lab, facts.name, "lab"),
        is_sample=is_sample,
        created_by=user,
    )
    _fill(lab, facts)
    lab.save()
    lab.hosts.add(user)
    _set_texts(lab, facts.texts)
    record(Verb.LAB_OPENED, actor=user, organisation=organisation, subject=lab)
    return lab


@transaction.atomic
def change_lab(user: User, lab: Lab, facts: LabFacts, *, seen: int) -> None:
    """Change what everybody sees of a lab.

    Raises
    ------
    PermissionDenied: the person does not host it.
    StaleEditError: somebody else saved it in the meantime.
    """
    require_host(user, lab)
    _fill(lab, facts)
    save_version(lab, seen=seen)
    _set_texts(lab, facts.texts)
    record(Verb.LAB_CHANGED, actor=user, organisation=lab.organisation, subject=lab)


@transaction.atomic
def add_host(user: User, lab: Lab, email: str) -> User:
    """Let another lab host run the lab too.

    Raises
    ------
    PermissionDenied: the person does not host it.
    RefusedError: nobody with this address has the role of a lab host.
    """
    require_host(user, lab)
    host = User.objects.filter(email__iexact=email, is_lab_host=True, is_active=True).first()
    if host is None:
        raise RefusedError(gettext_lazy("No lab host has this address; moderators give the role."))
    lab.hosts.add(host)
    record(Verb.HOST_ADDED, actor=user, organisation=lab.organisation, subject=lab)
    return host


@transaction.atomic
def remove_host(user: User, lab: Lab, host: User) -> None:
    """Take a host away; one always stays.

    Raises
    ------
    PermissionDenied: the person does not host the lab.
    RefusedError: it would be the last host.
    """
    require_host(user, lab)
    if lab.hosts.count() == 1:
        raise RefusedError(gettext_lazy("A lab keeps at least one host."))
    lab.hosts.remove(host)
    record(Verb.HOST_REMOVED, actor=user, organisation=lab.organisation, subject=lab)


@transaction.atomic
def invite_organisation(user: User, lab: Lab, organisation: Organisation) -> Participant:
    """Invite an organisation to a lab; its editors answer.

    Raises
    ------
    PermissionDenied: the person does not host the lab.
    RefusedError: it takes part or is invited already.
    """
    require_host(user, lab)
    place, is_new = Participant.objects.get_or_create(lab=lab, organisation=organisation)
    if not is_new:
        _invite_again(place)
    record(Verb.PARTICIPANT_INVITED, actor=user, organisation=organisation, subject=lab)
    return place


@transaction.atomic
def invite_person(user: User, lab: Lab, email: str, *, address: str) -> Participant:
    """Invite a person by letter; `address` is where she answers, with `{token}` in it.

    Raises
    ------
    PermissionDenied: the person does not host the lab.
    RefusedError: she takes part or is invited already.
    """
    require_host(user, lab)
    invited = User.objects.filter(email__iexact=email, is_active=True).first()
    place = lab.participants.filter(email__iexact=email).first()
    if place is None and invited is not None:
        place = lab.participants.filter(user=invited).first()
    if place is None:
        place = Participant.objects.create(lab=lab, email=email, user=invited)
    else:
        _invite_again(place)
    record(Verb.PARTICIPANT_INVITED, actor=user, organisation=lab.organisation, subject=lab)
    language = invited.language if invited and invited.language else lab.languages[0]
    with translation.override(language):
        send_mail(
            subject=_("Invitation to the living lab %(lab)s") % {"lab": lab.name},
            message=_("%(organisation)s invites you to the living lab %(lab)s.")
            % {"organisation": lab.organisation.name, "lab": lab.name}
            + f"\n\n{address.format(token=place.token)}\n",
            from_email=None,
            recipient_list=[email],
        )
    return place


@transaction.atomic
def answer_lab(user: User, place: Participant, *, is_accepted: bool) -> None:
    """Take part in a lab, or decline: an editor of the organisation, or the invited person.

    Raises
    ------
    PermissionDenied: the invitation is somebody else's.
    RefusedError: it has been answered.
    """
    if place.organisation is not None:
        require(user, place.organisation, Role.EDITOR)
    elif place.user_id != user.pk and place.email.casefold() != user.email.casefold():
        raise PermissionDenied
    now = timezone.now()
    answered = Participant.objects.filter(pk=place.pk, state=ParticipantState.INVITED).update(
        state=ParticipantState.MEMBER if is_accepted else ParticipantState.DECLINED,
        joined_at=now if is_accepted else None,
        user=None if place.organisation_id else user,
    )
    if not answered:
        raise RefusedError(gettext_lazy("This invitation has been answered already."))
    record(
        Verb.PARTICIPANT_JOINED if is_accepted else Verb.PARTICIPANT_DECLINED,
        actor=user,
        organisation=place.organisation,
        subject=place.lab,
    )


@transaction.atomic
def leave_lab(user: User, place: Participant) -> None:
    """Stop taking part.

    Raises
    ------
    PermissionDenied: the place is somebody else's.
    """
    if place.organisation is not None:
        require(user, place.organisation, Role.EDITOR)
    elif place.user_id != user.pk:
        raise PermissionDenied
    Participant.objects.filter(pk=place.pk, state=ParticipantState.MEMBER).update(
        state=ParticipantState.LEFT
    )
    record(Verb.PARTICIPANT_LEFT, actor=user, organisation=place.organisation, subject=place.lab)


@transaction.atomic
def plan_session(
    user: User, lab: Lab, organisation: Organisation, facts: GatheringFacts, *, agenda: str = ""
) -> LabSession:
    """Plan a session: an event of the host's organisation in the calendar, with an agenda.

    Raises
    ------
    PermissionDenied: the person does not host the lab, or is no editor of the organisation.
    RefusedError: a time that the clock skips.
    """
    require_host(user, lab)
    (gathering,) = plan_gatherings(user, organisation, facts, is_sample=lab.is_sample)
    session = LabSession.objects.create(lab=lab, gathering=gathering, agenda=agenda)
    record(Verb.SESSION_PLANNED, actor=user, organisation=organisation, subject=session)
    return session


@transaction.atomic
def change_session(
    user: User, session: LabSession, *, agenda: str, outcomes: str, seen: int
) -> None:
    """Change agenda and outcomes.

    Raises
    ------
    PermissionDenied: the person does not host the lab.
    StaleEditError: somebody else saved them in the meantime.
    """
    require_host(user, session.lab)
    session.agenda = agenda
    session.outcomes = outcomes
    save_version(session, seen=seen)
    record(Verb.SESSION_CHANGED, actor=user, organisation=session.lab.organisation, subject=session)


def require_host(user: User, lab: Lab) -> User:
    """The person, if she hosts the lab.

    Raises
    ------
    PermissionDenied: she does not.
    """
    if not is_host(user, lab):
        raise PermissionDenied
    return user


def _fill(lab: Lab, facts: LabFacts) -> None:
    lab.name = facts.name
    lab.nuts = facts.nuts
    lab.region_name = facts.region_name
    lab.languages = list(facts.languages) or languages_of_region(facts.nuts)


def _set_texts(lab: Lab, texts: Mapping[str, str]) -> None:
    kept = {language: text for language, text in texts.items() if text.strip()}
    lab.texts.exclude(language__in=kept).delete()
    for language, text in kept.items():
        LabText.objects.update_or_create(lab=lab, language=language, defaults={"about": text})


def _invite_again(place: Participant) -> None:
    if place.state in {ParticipantState.INVITED, ParticipantState.MEMBER}:
        raise RefusedError(gettext_lazy("Invited or taking part already."))
    place.state = ParticipantState.INVITED
    place.invited_at = timezone.now()
    place.save()
