"""How figures are written on a page."""

from decimal import Decimal

from django import template

from yijian.domains.supervision.api import Rate
from yijian.web import figures

register = template.Library()


@register.filter
def grouped(number: int) -> str:
    """Write a count with its thousands parted."""
    return f"{number:,}"


@register.filter
def yuan(amount: Decimal) -> str:
    """Write an amount of CNY."""
    return f"¥{amount:,.2f}"


@register.filter
def percent(rate: Rate) -> str:
    """Write a rate."""
    return figures.percent(rate)
