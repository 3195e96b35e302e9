"""The addresses of sending, under /staff/."""

from django.urls import path

from mailer.staff.sending import approval, confirm, lists, live, people, send_page, test_mails

urlpatterns = [
    path("issues/<int:issue>/approval/", approval.approval_page, name="approval"),
    path("issues/<int:issue>/approval/panel/", approval.panel, name="approval-panel"),
    path("issues/<int:issue>/approval/mail/", approval.mail, name="approval-mail"),
    path("issues/<int:issue>/approval/numbers/", approval.numbers, name="approval-numbers"),
    path("issues/<int:issue>/approval/ask/", approval.ask_for_it, name="approval-ask"),
    path("issues/<int:issue>/approval/withdraw/", approval.take_back, name="approval-withdraw"),
    path("issues/<int:issue>/approval/answer/", approval.answer, name="approval-answer"),
    path("issues/<int:issue>/test/panel/", test_mails.panel, name="test-panel"),
    path("issues/<int:issue>/test/people/", test_mails.people, name="test-people"),
    path("issues/<int:issue>/test/send/", test_mails.send, name="test-send"),
    path("newsletters/<int:newsletter>/test-lists/", lists.test_lists, name="test-lists"),
    path("newsletters/<int:newsletter>/test-lists/keep/", lists.keep, name="test-list-keep"),
    path("newsletters/<int:newsletter>/test-lists/delete/", lists.delete, name="test-list-delete"),
    path("issues/<int:issue>/send/", send_page.send_page, name="send-page"),
    path("issues/<int:issue>/send/forecast/", send_page.forecast_of, name="send-forecast"),
    path("issues/<int:issue>/send/people/", people.people_of_issue, name="send-people"),
    path("issues/<int:issue>/send/why/", people.why_of_issue, name="send-why"),
    path("issues/<int:issue>/send/confirm/", confirm.confirm, name="send-confirm"),
    path("issues/<int:issue>/send/go/", confirm.go_out, name="send-go"),
    path("sends/<int:send>/", live.send_live, name="send"),
    path("sends/<int:send>/live/", live.moving, name="send-live"),
    path("sends/<int:send>/controls/", live.controls, name="send-controls"),
    path("sends/<int:send>/steer/", live.steer, name="send-steer"),
    path("sends/<int:send>/figures/", live.figures, name="send-figures"),
    path("sends/<int:send>/people/", people.people_of_send, name="sent-people"),
    path("sends/<int:send>/why/", people.why_of_send, name="sent-why"),
]
