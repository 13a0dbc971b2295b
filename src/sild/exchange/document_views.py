"""Pages on which people sign a file and verify one, by upload."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from sild.exchange import documents
from sild.exchange.enums import PartnerState
from sild.exchange.models import Partner
from sild.language import language_of
from sild.people.enums import Right
from sild.trust.documents import MAX_SIGNATURE
from sild.trust.spoken import say
from sild.trust.verdicts import reason

if TYPE_CHECKING:
    from typing import BinaryIO

    from django.core.files.uploadedfile import UploadedFile

    from sild.people.middleware import ActingRequest
    from sild.trust.documents import DocumentVerdict


@require_GET
def page(request: ActingRequest) -> HttpResponse:
    """Both forms."""
    request.actor.require(Right.VIEW)
    return _page(request)


@require_POST
def sign(request: ActingRequest) -> HttpResponse:
    """Sign the uploaded file; the answer is the signature to keep beside it."""
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, _("Choose the file that is to be signed."))
        return redirect("exchange:documents")
    name = file.name or "file"
    signature = documents.sign(request.actor, _stream(file), name, audience=request.POST.getlist("node"))
    answer = HttpResponse(signature, content_type="application/jose+json")
    disposition = content_disposition_header(as_attachment=True, filename=f"{name}.sig.json")
    answer.headers["Content-Disposition"] = disposition or "attachment"
    return answer


@require_POST
def verify(request: ActingRequest) -> HttpResponse:
    """Verify the uploaded file with the uploaded signature; nothing of them is kept."""
    request.actor.require(Right.VIEW)
    file, signature = request.FILES.get("file"), request.FILES.get("signature")
    if file is None or signature is None:
        messages.error(request, _("Choose the file and its signature."))
        return redirect("exchange:documents")
    return _page(request, documents.verify(_stream(file), signature.read(MAX_SIGNATURE)))


def _stream(upload: UploadedFile[Any]) -> BinaryIO:
    """The upload's temporary file, from its beginning."""
    stream = cast("BinaryIO", upload.file)
    stream.seek(0)
    return stream


def _page(request: ActingRequest, verdict: DocumentVerdict | None = None) -> HttpResponse:
    """The page, with a verdict if there is one."""
    language = request.LANGUAGE_CODE
    context = {
        "may_sign": request.actor.may(Right.PUBLISH),
        "partners": Partner.objects.filter(state=PartnerState.PINNED),
        "verdict": verdict,
        "reason": (reason(verdict.code, language_of(language), "document") or verdict.sentence) if verdict else "",
        "words": say(verdict.fingerprint, language) if verdict and verdict.fingerprint else "",
    }
    return render(request, "exchange/documents.html", context)
