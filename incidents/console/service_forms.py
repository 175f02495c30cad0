from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.actions.service import LONGEST_WAIT_MINUTES
from incidents.console.group_forms import NamedForm
from incidents.models import Page, Policy, Service, ServiceStatus
from incidents.models.service import REPORT_CODE

POLICIES = [
    (Policy.OBSERVE, _("Only record it")),
    (Policy.DRAFT, _("Open a draft; a person publishes")),
    (Policy.PUBLISH, _("Open a draft and publish it by itself")),
]


class NewServiceForm(NamedForm):
    slug = forms.SlugField(
        label=_("Short name for addresses"),
        max_length=60,
        help_text=_("Lower-case letters, digits and hyphens, such as email-archive."),
    )
    code = forms.CharField(
        label=_("Report code"),
        max_length=8,
        help_text=_("2 to 8 capitals; report numbers begin with it, such as HEA2020100801."),
        error_messages={"invalid": _("Enter 2 to 8 capitals, such as HEA.")},
    )
    group = forms.CharField(
        label=_("Group"), max_length=100, required=False, help_text=_("A new name makes a new group.")
    )
    policy = forms.ChoiceField(
        label=_("When a monitor fails"), choices=POLICIES, initial=Policy.DRAFT, widget=forms.RadioSelect
    )

    def __init__(self, data: Any = None, *, page: Page) -> None:
        super().__init__(data)
        self.add_languages(page, None)

    def values(self) -> dict[str, Any]:
        names = ("name", "slug", "code", "group", "description", "policy")
        return {**{name: self.cleaned_data[name] for name in names}, "texts": self.texts()}

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        try:
            REPORT_CODE(code)
        except forms.ValidationError:
            raise forms.ValidationError(self.fields["code"].error_messages["invalid"]) from None
        return code


class StatusForm(forms.Form):
    status = forms.ChoiceField(label=_("Status set by hand"), choices=ServiceStatus.choices)

    def __init__(self, data: Any = None, *, service: Service) -> None:
        super().__init__(data, initial={"status": service.manual_status}, auto_id=f"id_{service.slug}_%s")


class DependenciesForm(forms.Form):
    depends_on = forms.TypedMultipleChoiceField(
        label=_("It depends on"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, service: Service) -> None:
        super().__init__(data, initial={"depends_on": list(service.depends_on.values_list("pk", flat=True))})
        self.others = {
            one.pk: one for one in Service.objects.filter(page=service.page).exclude(pk=service.pk)
        }
        field = self.fields["depends_on"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(pk, one.name) for pk, one in self.others.items()]

    def chosen(self) -> list[Service]:
        return [self.others[pk] for pk in self.cleaned_data["depends_on"]]


class PolicyForm(forms.Form):
    policy = forms.ChoiceField(label=_("When a monitor fails"), choices=POLICIES, widget=forms.RadioSelect)
    publish_after_minutes = forms.IntegerField(
        label=_("Minutes before it publishes by itself"), min_value=1, max_value=LONGEST_WAIT_MINUTES
    )

    def __init__(self, data: Any = None, *, service: Service) -> None:
        initial = {"policy": service.policy, "publish_after_minutes": service.publish_after_minutes}
        super().__init__(data, initial=initial)
