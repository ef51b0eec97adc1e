from accounts.views.doors import demo_sign_in, sign_in, sign_out, sign_out_everywhere
from accounts.views.mail import unsubscribe
from accounts.views.own import password, profile
from accounts.views.reset import ResetConfirm, reset, reset_sent
from accounts.views.sheets import slip_sheet, slip_sheets
from accounts.views.slips import invitation, print_slip, slip, slip_password

__all__ = [
    "ResetConfirm",
    "demo_sign_in",
    "invitation",
    "password",
    "print_slip",
    "profile",
    "reset",
    "reset_sent",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "slip",
    "slip_password",
    "slip_sheet",
    "slip_sheets",
    "unsubscribe",
]
