"""Who may see whose figures: a supervisor sees the institutions of the region its own body lies in."""

from yijian.domains.sharing.values import Rulebook

__all__ = ["visible_institutions"]


def visible_institutions(rulebook: Rulebook, supervisor_institution_code: str | None) -> tuple[str, ...]:
    """Return the codes of all institutions in the supervisor's region; none for an unknown body.

    None stands for the platform itself, which sees every institution.
    """
    care = {code: each for code, each in rulebook.institutions.items() if each.treats_patients}
    if supervisor_institution_code is None:
        return tuple(sorted(care))
    body = rulebook.institutions.get(supervisor_institution_code)
    if body is None:
        return ()
    region = body.regions[-1]
    return tuple(sorted(code for code, each in care.items() if region in each.regions))
