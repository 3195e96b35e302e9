"""Where pictures are kept: in a folder, or in a bucket where S3_BUCKET names one."""

from typing import Any
from urllib.parse import urlsplit

from mailer.config.environment import Environment


def pictures(environment: Environment) -> dict[str, Any]:
    """Django's STORAGES["default"] for an installation.

    A file of the bucket has its name for ever and never another content: it may be cached for a year, and its address
    is not signed, because mail is read for years. The bucket's own policy lets everybody read.
    """
    if environment.s3_bucket is None:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    public = urlsplit(environment.s3_public_url or "")
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": environment.s3_bucket,
            "endpoint_url": environment.s3_endpoint,
            "region_name": environment.s3_region,
            "access_key": environment.s3_access_key,
            "secret_key": environment.s3_secret_key,
            "custom_domain": f"{public.netloc}{public.path}" or None,
            "url_protocol": f"{public.scheme or 'https'}:",
            "querystring_auth": False,
            "file_overwrite": False,
            "object_parameters": {"CacheControl": "public, max-age=31536000, immutable"},
        },
    }
