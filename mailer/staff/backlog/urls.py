"""The addresses of backlogs, feeds and pictures, under /staff/."""

from django.urls import path

from mailer.staff.backlog import capturing, feeds, listing, moving, pictures, stories

urlpatterns = [
    path("backlog/", listing.backlog, name="backlog"),
    path("backlog/stories/<int:story>/", stories.story, name="backlog-story"),
    path("backlog/feeds/<int:feed>/", feeds.feed, name="feed"),
    path("backlog/feeds/<int:feed>/look/", feeds.look_now, name="feed-look"),
    path("backlog/feeds/<int:feed>/delete/", feeds.delete, name="feed-delete"),
    path("newsletters/<int:newsletter>/backlog/new/", stories.new, name="backlog-new"),
    path("newsletters/<int:newsletter>/backlog/capture/", capturing.capture_form, name="backlog-capture"),
    path("newsletters/<int:newsletter>/backlog/move/", moving.move, name="backlog-move"),
    path("newsletters/<int:newsletter>/backlog/delete/", moving.delete, name="backlog-delete"),
    path("newsletters/<int:newsletter>/feeds/", feeds.feeds, name="feeds"),
    path("newsletters/<int:newsletter>/capture/", capturing.capture_json, name="capture"),
    path("newsletters/<int:newsletter>/images/", pictures.pictures, name="images"),
]
