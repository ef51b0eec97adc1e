from django.http import HttpRequest, JsonResponse
from django.contrib.auth.decorators import login_not_required


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})
