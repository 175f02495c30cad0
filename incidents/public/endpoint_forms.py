"""What visitors fill in to have notices posted to a webhook or a chat, or sent as text messages."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from incidents.models import Channel, Page
from incidents.public.choosing_forms import ChoicesForm, SubscribeForm, initial_of
from incidents.queries.choices import Choices

CHATS = (Channel.SLACK, Channel.TEAMS, Channel.DISCORD)


class EndpointForm(SubscribeForm):
    """`channel` is asked for chats alone. What an endpoint must be is the channel's to say."""

    endpoint = forms.CharField(
        max_length=2000, error_messages={"required": _("Enter the URL."), "max_length": _("Enter the URL.")}
    )
    channel = forms.ChoiceField(
        choices=[(chat.value, chat.label) for chat in CHATS],
        error_messages={
            "required": _("Choose where notices are to be posted."),
            "invalid_choice": _("Choose where notices are to be posted."),
        },
    )

    def __init__(self, page: Page, *args: Any, is_chat: bool, **kwargs: Any) -> None:
        super().__init__(page, *args, **kwargs)
        if not is_chat:
            del self.fields["channel"]

    @property
    def chosen_channel(self) -> str:
        return str(self.cleaned_data.get("channel", Channel.WEBHOOK.value))


class PhoneForm(ChoicesForm):
    """`website` is hidden from people: whoever fills it in is a machine."""

    endpoint = forms.CharField(max_length=40, error_messages={"required": _("Enter the telephone number.")})
    wish = forms.ChoiceField(
        choices=[("subscribe", _("Send me notices")), ("leave", _("Stop sending me notices"))],
        error_messages={"required": _("Choose what the code is for.")},
    )
    website = forms.CharField(required=False)

    def __init__(self, page: Page, *args: Any, **kwargs: Any) -> None:
        chosen = Choices(language=get_language() or page.first_language)
        super().__init__(page, *args, initial=initial_of(chosen) | {"wish": "subscribe"}, **kwargs)

    @property
    def is_from_a_machine(self) -> bool:
        return bool(self.data.get("website"))


class CodeForm(forms.Form):
    endpoint = forms.CharField(max_length=40, error_messages={"required": _("Enter the telephone number.")})
    code = forms.CharField(max_length=20, error_messages={"required": _("Enter the code.")})
