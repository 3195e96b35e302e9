"""Forms of django-allauth in the words of this site."""

from typing import Any

from allauth.account.forms import LoginForm as _LoginForm


class LoginForm(_LoginForm):  # type: ignore[misc]  # django-allauth has no type hints
    """Name, password, and whether to be remembered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, remember = self.fields["login"], self.fields["remember"]
        login.label = "E-mail or user name"
        login.widget.attrs.update({"autocomplete": "username", "placeholder": "", "autofocus": True})
        self.fields["password"].widget.attrs["placeholder"] = ""
        remember.label = "Stay signed in for two weeks"
