from django.conf import settings
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed, compressed static files, with the manifest kept outside the folder that is served.

    WhiteNoise would otherwise publish /static/staticfiles.json, a list of every file.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, manifest_storage=FileSystemStorage(location=settings.DATA_DIR), **kwargs)
