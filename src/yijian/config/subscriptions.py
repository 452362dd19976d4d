"""Who listens to which event: the one place where a lower domain's facts reach a higher one."""

from collections.abc import Mapping, Sequence

from yijian.domains.consent import api as consent
from yijian.domains.identity.events import PersonMoved
from yijian.domains.recognition import api as recognition
from yijian.domains.recognition.events import RecognitionCited, RecognitionDecided, RecognitionRevoked
from yijian.domains.results import api as results
from yijian.domains.results.events import ReportCorrected, ReportVoided
from yijian.domains.terminology.events import CodeMapped
from yijian.foundation.outbox.delivery import Handler
from yijian.gateways.outbound import telling

__all__ = ["SUBSCRIPTIONS"]

SUBSCRIPTIONS: Mapping[str, Sequence[Handler]] = {
    CodeMapped.__name__: (results.on_code_mapped,),
    PersonMoved.__name__: (results.on_person_moved, consent.on_person_moved, recognition.on_person_moved),
    ReportCorrected.__name__: (recognition.on_report_corrected,),
    ReportVoided.__name__: (recognition.on_report_voided,),
    RecognitionDecided.__name__: (telling.on_decided,),
    RecognitionCited.__name__: (telling.on_cited,),
    RecognitionRevoked.__name__: (telling.on_revoked,),
}
