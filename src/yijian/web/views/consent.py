"""At the desk: what the patient allows, told, signed or shown by code; and the glass for an emergency."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from yijian.domains.consent import api as consent
from yijian.domains.consent.values import Category
from yijian.domains.identity.values import PersonSummary
from yijian.domains.sharing.values import AuthorisationPolicy, ConsentWay
from yijian.foundation.accounts.models import Role
from yijian.kit.clock import now
from yijian.kit.errors import Problem
from yijian.web import desk
from yijian.web.access import requires_role, signed_in
from yijian.web.consent_forms import BreakGlassForm, CodeForm, ConsentForm, PaperObjectionForm
from yijian.web.institutions import list_institutions
from yijian.web.people import access_person, access_sight
from yijian.web.problems import explain

__all__ = ["authorise", "break_glass", "lift", "object_to", "redeem", "signed_form", "withdraw"]


@requires_role(Role.CLINICIAN)
@require_http_methods(["GET", "POST"])
def authorise(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Show what is allowed and record what the patient allows now."""
    person = access_person(request, person_id)
    form = ConsentForm(request.POST or None, request.FILES or None)
    if request.method == "GET":
        desk.audit(request, "web.authorisation_page", person.person_id)
        return _page(request, person, ConsentForm())
    if not form.is_valid():
        return _page(request, person, form, status=422)
    given = form.given(signed_in(request).institution_code)
    try:
        consent_id = consent.record_consent(
            person.person_id, person.birth_date, given, _recorder(request), at=now()
        )
    except Problem as problem:
        form.add_error(None, str(explain(problem)))
        return _page(request, person, form, status=422)
    desk.audit(
        request, "web.authorisation", person.person_id, way=given.way.value, consent_id=str(consent_id)
    )
    messages.success(request, _("已登记，即时生效。"))
    return redirect("authorise", person.person_id)


@requires_role(Role.CLINICIAN)
@require_POST
def redeem(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Take the code the patient shows."""
    person = access_person(request, person_id)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, person, ConsentForm(), code=form, status=422)
    try:
        found = consent.redeem_code(person.person_id, form.cleaned_data["code"], _recorder(request), at=now())
    except Problem as problem:
        form.add_error(None, str(explain(problem)))
        return _page(request, person, ConsentForm(), code=form, status=422)
    if found is None:
        desk.audit(request, "web.authorisation_refused", person.person_id, way="code")
        form.add_error("code", _("授权码不对，或已失效。请患者重新生成。"))
        return _page(request, person, ConsentForm(), code=form, status=422)
    desk.audit(request, "web.authorisation", person.person_id, way="code", consent_id=str(found))
    messages.success(request, _("授权码有效，已登记。"))
    return redirect("timeline", person.person_id)


@requires_role(Role.CLINICIAN)
@require_POST
def withdraw(request: HttpRequest, person_id: UUID, consent_id: UUID) -> HttpResponseBase:
    """Withdraw a consent because the patient says so at the desk."""
    person, user = access_person(request, person_id), signed_in(request)
    try:
        consent.withdraw_consents(
            person.person_id,
            by=user.username,
            at=now(),
            only=[consent_id],
            institution_code=user.institution_code,
        )
    except Problem as unknown:
        raise Http404 from unknown
    desk.audit(request, "web.authorisation_withdrawn", person.person_id, consent_id=str(consent_id))
    messages.success(request, _("已撤回，即时生效。"))
    return redirect("authorise", person.person_id)


@requires_role(Role.CLINICIAN)
@require_POST
def object_to(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Record the no that a patient signed on paper; it counts at once, for everybody."""
    person, user = access_person(request, person_id), signed_in(request)
    form = PaperObjectionForm(request.POST)
    if not form.is_valid():
        return _page(request, person, ConsentForm(), objection=form, status=422)
    try:
        objection_id = consent.record_objection(
            person.person_id,
            by=user.username,
            at=now(),
            purpose=form.cleaned_data["purpose"],
            paper=form.paper(user.institution_code),
            **form.said(),
        )
    except Problem as problem:
        form.add_error(None, str(explain(problem)))
        return _page(request, person, ConsentForm(), objection=form, status=422)
    kind = form.cleaned_data["kind"]
    desk.audit(request, "web.objection", person.person_id, kind=kind, objection_id=str(objection_id))
    messages.success(request, _("已登记，即时生效。"))
    return redirect("authorise", person.person_id)


@requires_role(Role.CLINICIAN)
@require_POST
def lift(request: HttpRequest, person_id: UUID, objection_id: UUID) -> HttpResponseBase:
    """Lift a no that was recorded at this institution, because the patient says so at the desk."""
    person, user = access_person(request, person_id), signed_in(request)
    own = user.institution_code
    if not consent.lift_objection(
        person.person_id, objection_id, by=user.username, at=now(), institution_code=own
    ):
        raise Http404
    desk.audit(request, "web.objection_lifted", person.person_id, objection_id=str(objection_id))
    messages.success(request, _("已取消拒绝。"))
    return redirect("authorise", person.person_id)


@requires_role(Role.CLINICIAN)
@require_GET
def signed_form(request: HttpRequest, person_id: UUID, consent_id: UUID) -> HttpResponseBase:
    """Hand out a signed form of one's own institution."""
    person = access_person(request, person_id)
    own = signed_in(request).institution_code
    listed = {each.consent_id: each.recorded_institution for each in consent.list_consents(person.person_id)}
    if listed.get(consent_id) != own:
        raise Http404
    try:
        data, media_type = consent.get_document(person.person_id, consent_id)
    except Problem as unknown:
        raise Http404 from unknown
    desk.audit(request, "web.signed_form", person.person_id, consent_id=str(consent_id))
    answer = HttpResponse(data, content_type=media_type)
    suffix = media_type.rpartition("/")[2]
    answer["Content-Disposition"] = f'attachment; filename="{consent_id}.{suffix}"'
    return answer


@requires_role(Role.CLINICIAN)
@require_POST
def break_glass(request: HttpRequest, person_id: UUID) -> HttpResponseBase:
    """Open the record in an emergency, with a reason that somebody else reviews."""
    person = access_person(request, person_id)
    form = BreakGlassForm(request.POST)
    if not form.is_valid():
        return _page(request, person, ConsentForm(), glass=form, status=422)
    entered = form.cleaned_data
    try:
        opening = consent.break_glass(
            person.person_id,
            Category(entered["category"]),
            entered["reason"],
            _recorder(request),
            at=now(),
        )
    except Problem as problem:
        form.add_error(None, str(explain(problem)))
        return _page(request, person, ConsentForm(), glass=form, status=422)
    desk.audit(
        request,
        "web.break_glass",
        person.person_id,
        access_sight(request, person),
        category=entered["category"],
        opening_id=str(opening.opening_id),
    )
    messages.warning(request, _("已紧急调阅，4 小时内有效。患者会看到这次调阅，监管人员会复核。"))
    return redirect("timeline", person.person_id)


def _recorder(request: HttpRequest) -> consent.Recorder:
    user = signed_in(request)
    options = consent.options_of(user.institution_code, now())
    if options is None:
        raise Http404
    return consent.Recorder(user.username, user.institution_code, options)


def _page(
    request: HttpRequest,
    person: PersonSummary,
    form: ConsentForm,
    *,
    code: CodeForm | None = None,
    glass: BreakGlassForm | None = None,
    objection: PaperObjectionForm | None = None,
    status: int = 200,
) -> HttpResponseBase:
    at, options, own = now(), _recorder(request).options, signed_in(request).institution_code
    child = consent.is_child(person.birth_date, at)
    context = {
        "person": person,
        "sight": access_sight(request, person),
        "policy": options.authorisation.value,
        "ways": _ways(options.consent_ways, options.authorisation, child=child),
        "days": options.consent_days,
        "takes_code": ConsentWay.CODE in options.consent_ways,
        "may_break": options.break_glass,
        "child": child,
        "own": own,
        "form": form,
        "code": code or CodeForm(),
        "glass": glass or BreakGlassForm(),
        "objection": objection or PaperObjectionForm(),
        "institutions": list_institutions(),
        "refusals": [
            each
            for each in consent.list_objections(person.person_id)
            if each.recorded_institution == own and not each.lifted_at
        ],
        "standing": [
            each for each in consent.list_consents(person.person_id, institution_code=own) if each.stands(at)
        ],
    }
    return render(request, "consent/desk.html", context, status=status)


def _ways(allowed: frozenset[ConsentWay], policy: AuthorisationPolicy, *, child: bool) -> list[str]:
    """Return how a will may be recorded by hand in this region; for a child only the guardian's."""
    ways = [ConsentWay.GUARDIAN] if child else [ConsentWay.SIGNED_FORM, ConsentWay.GUARDIAN]
    offered = [way.value for way in ways if way in allowed]
    if policy is AuthorisationPolicy.NONE_NEEDED and not child:
        offered.insert(0, "spoken")
    if policy is AuthorisationPolicy.NOTICE:
        offered.insert(0, "notice")
    return offered
