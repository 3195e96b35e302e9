"""Files as people upload them, for tests."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

HEADER = (
    "Email Address,First Name,Last Name,Firma,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,"
    "GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
LEFT_HEADER = HEADER.replace("MEMBER_RATING,", "MEMBER_RATING,UNSUB_TIME,")


def row_of(address: str, name: str = "Anna", left: bool = False) -> str:
    """A row as Mailchimp's audience export has it."""
    history = '"2024-02-02 08:00:00",' if left else ""
    return (
        f'{address},{name},Li,Acme,4,{history}"2019-03-01 08:00:00",192.0.2.7,"2019-03-01 08:05:00",192.0.2.8,52.5,13.4,1,2,'
        'Europe/Berlin,DE,BE,"2024-01-01 10:00:00",123,abc,"=HYPERLINK(""x"")","VIP"'
    )


def subscribed(*more: str) -> str:
    """Its file of subscribed people: three that are fine, one of them twice, one with a slip, and what is added."""
    rows = [
        row_of("anna@example.org"),
        row_of("bo@example.org", "Bo"),
        row_of("bo@example.org", "Bob"),
        row_of("cy@gmial.com", "Cy"),
        row_of("no address", '"=1+1"'),
    ]
    return "\n".join([HEADER, *rows, *more]) + "\n"


def left() -> str:
    """Its file of people who left."""
    return "\n".join([LEFT_HEADER, row_of("dora@example.org", "Dora", left=True)]) + "\n"


def zipped(files: dict[str, str | bytes]) -> bytes:
    """An archive of files, by their names in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def upload(client: Client, mailing_list: int, content: str | bytes, name: str = "people.csv"):
    """Upload a file by the form."""
    given = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post("/staff/imports/new/", {"file": given, "mailing_list": mailing_list})
