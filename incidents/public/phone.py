"""Text messages: a number, then the code that was sent to it."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from incidents.actions import phone as phone_actions
from incidents.lib.errors import Refused
from incidents.lib.timing import taking_a_whole_step
from incidents.models import SubscriberState
from incidents.public.acting import acting, form_status, origin_of, say
from incidents.public.endpoint_forms import CodeForm, PhoneForm
from incidents.public.visit import Visit


@acting()
def subscribe_sms(visit: Visit) -> HttpResponse:
    if not phone_actions.is_offered():
        return _not_offered(visit)
    data = visit.request.POST if visit.request.method == "POST" else None
    form = PhoneForm(visit.page, data)
    if data is not None and form.is_valid() and (form.is_from_a_machine or _request(visit, form)):
        code_form = CodeForm(initial={"endpoint": form.cleaned_data["endpoint"]})
        return visit.render("public/sms_code.html", {"form": code_form, "is_sent": True})
    return visit.render("public/sms.html", {"form": form}, status=form_status(data))


@acting()
def enter_code(visit: Visit) -> HttpResponse:
    if not phone_actions.is_offered():
        return _not_offered(visit)
    data = visit.request.POST if visit.request.method == "POST" else None
    form = CodeForm(data)
    if data is not None and form.is_valid():
        try:
            with taking_a_whole_step():
                subscriber = phone_actions.enter_code(visit.page, number=data["endpoint"], code=data["code"])
        except Refused as error:
            form.add_error(error.field, str(error))
        else:
            return _entered(visit, is_active=subscriber.state == SubscriberState.ACTIVE)
    return visit.render("public/sms_code.html", {"form": form}, status=form_status(data))


def _request(visit: Visit, form: PhoneForm) -> bool:
    """Whether it was taken; else the form says why not."""
    number, origin = form.cleaned_data["endpoint"], origin_of(visit)
    try:
        with taking_a_whole_step():
            if form.cleaned_data["wish"] == "leave":
                phone_actions.request_leaving(visit.page, number=number, origin=origin)
            else:
                phone_actions.request_code(visit.page, number=number, choices=form.choices, origin=origin)
    except Refused as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    return True


def _entered(visit: Visit, *, is_active: bool) -> HttpResponse:
    if is_active:
        return say(
            visit,
            _("Your subscription is confirmed"),
            _("From now on we will notify you by text message."),
        )
    return say(visit, _("You are unsubscribed"), _("No more notices will be sent to this number."))


def _not_offered(visit: Visit) -> HttpResponse:
    return say(visit, _("Text messages are not offered here."), status=404)
