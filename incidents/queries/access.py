from incidents.models import Staff


def has_staff() -> bool:
    return Staff.objects.filter(is_active=True).exists()
