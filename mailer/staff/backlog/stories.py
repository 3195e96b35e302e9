"""A story of the backlog: write one, work on one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mailer.issues.editing.who import name_of
from mailer.issues.images.address import address_of
from mailer.issues.images.encode import MOST_BYTES, ImageError
from mailer.issues.images.keep import keep_picture
from mailer.issues.lint.links import address_problem
from mailer.issues.models import Newsletter, Story
from mailer.staff.access.needs import needs
from mailer.staff.admin.base import ModelForm
from mailer.staff.audit import ADDITION, record
from mailer.staff.backlog.addresses import to_backlog
from mailer.staff.page import page
from subscribers.models import Topic

LONGEST_BODY = 50_000


class StoryForm(ModelForm):
    """What a story is made of, and a picture to be uploaded for it."""

    picture = forms.FileField(
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/gif,image/webp,image/avif"}),
    )
    without_picture = forms.BooleanField(required=False)
    theirs: Story | None = None
    """What somebody else kept while this was written."""
    body = forms.CharField(max_length=LONGEST_BODY, required=False, widget=forms.Textarea(attrs={"rows": 8}))

    class Meta:
        model = Story
        fields = ("headline", "body", "link", "link_label", "image_alt", "topics", "for_everyone")
        widgets = {"topics": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_topics(self)

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"].strip()
        problem = address_problem(link, "The link") if link else None
        if problem:
            raise forms.ValidationError(f"{problem[1]}.")
        return link

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        stays = bool(self.instance.image) and not given.get("without_picture")
        if (given.get("picture") or stays) and not given.get("image_alt", "").strip():
            self.add_error(
                "image_alt", "Say in a few words what the picture shows, for those who do not see it."
            )
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.add_story", Newsletter)
def new(request: HttpRequest, newsletter: Newsletter) -> HttpResponse:
    """Write a story by hand."""
    return _written(
        request, newsletter, Story(newsletter=newsletter, created_by_id=request.user.pk), "New story"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@needs("issues.view_story", Story)
def story(request: HttpRequest, story: Story) -> HttpResponse:
    """Work on a story of the backlog. One that stands in an issue is worked on there."""
    if story.newsletter is None:
        if story.issue is None:
            raise Http404
        return redirect("staff:issue", story.issue.pk)
    return _written(request, story.newsletter, story, "Story")


def _written(request: HttpRequest, newsletter: Newsletter, story: Story, title: str) -> HttpResponse:
    form = StoryForm(request.POST or None, request.FILES or None, instance=story)
    may_change = story.pk is None or request.user.has_perm("issues.change_story", story)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        if form.is_valid() and _keep(request, newsletter, form):
            messages.success(request, "The story is kept.")
            return redirect(f"{to_backlog(newsletter)}#story-{form.instance.pk}")
    return page(
        request,
        "staff/backlog/story.html",
        title,
        status=422 if form.errors else 200,
        form=form,
        story=story,
        # Where something else is wrong it is still what the page was loaded with.
        seen=_state(form.theirs) if form.theirs else request.POST.get("seen", _state(story)),
        newsletter=newsletter,
        backlog_url=to_backlog(newsletter),
        may_change=may_change,
        most_mb=MOST_BYTES // 1024 // 1024,
        may_delete=bool(story.pk) and request.user.has_perm("issues.delete_story", story),
    )


def _keep(request: HttpRequest, newsletter: Newsletter, form: StoryForm) -> bool:
    """Save what was written; False where that cannot be, which the form says then."""
    story: Story = form.instance
    made = story.pk is None
    given = form.cleaned_data
    with transaction.atomic():
        now = Story.objects.select_for_update(of=("self",)).filter(pk=story.pk, issue=None).first()
        # It may have been moved into an issue meanwhile, where it is worked on there.
        if now is None and not made:
            form.add_error(
                None, "It is no more in the backlog: somebody moved or deleted it. Nothing was kept."
            )
            return False
        if now and _state(now) != request.POST.get("seen", ""):
            form.theirs = now
            form.add_error(
                None,
                f"{_last_at_work_on(now)} changed it while you wrote, so yours was not kept yet. Take over what you need "
                "of what is kept now, shown below; then keep yours in its place.",
            )
            return False
        if given["without_picture"]:
            story.image = story.image_alt = ""
        if given["picture"]:
            file = given["picture"]
            try:
                image, _ = keep_picture(
                    newsletter, read(file), name=file.name, alt=given["image_alt"], by=request.user
                )
            except ImageError as error:
                form.add_error("picture", str(error))
                return False
            story.image, story.image_alt = address_of(image), given["image_alt"]
        story.touched_at = timezone.now()
        form.save()
        record(
            request.user,
            story,
            "Wrote it for the backlog." if made else "Worked on it.",
            *([ADDITION] if made else []),
        )
    return True


def _state(story: Story) -> str:
    """What tells whether somebody worked on a story since."""
    return story.touched_at.isoformat() if story.touched_at else ""


def _last_at_work_on(story: Story) -> str:
    acts = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Story), object_id=str(story.pk)
    )
    last = acts.select_related("user").order_by("-action_time").first()
    return name_of(last.user) if last else "Somebody"


def offer_topics(form: Any) -> None:
    """The topics that there are; retired ones only where they are given already."""
    topics = Topic.objects.filter(retired=False)
    if form.instance.pk:
        topics |= Topic.objects.filter(pk__in=form.instance.topics.values("pk"))
    form.fields["topics"].queryset = topics.order_by("name")


def read(file: Any) -> bytes:
    """The bytes of an upload, no more than those by which it is seen that it is too large."""
    content: bytes = file.read(MOST_BYTES + 1)
    return content
