from django.urls import path

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/demo/", views.demo_sign_in, name="demo_sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("sign-out/everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("reset/", views.reset, name="reset"),
    path("reset/sent/", views.reset_sent, name="reset_sent"),
    path("reset/<uidb64>/<token>/", views.ResetConfirm.as_view(), name="reset_confirm"),
    path("slip/", views.slip, name="slip"),
    path("slip/password/", views.slip_password, name="slip_password"),
    path("invitation/<str:code>/", views.invitation, name="invitation"),
    path("slips/", views.slip_sheets, name="slip_sheets"),
    path("slips/team/<int:team>/", views.slip_sheet, name="slip_sheet"),
    path("slips/<int:person>/", views.print_slip, name="print_slip"),
    path("mail/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("profile/", views.profile, name="profile"),
    path("password/", views.password, name="password"),
]
