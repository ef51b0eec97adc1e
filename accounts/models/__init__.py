from accounts.models.invitation import InvitationRound
from accounts.models.slip import SignInSlip
from accounts.models.staged import StagedFile, StagedRow
from accounts.models.team import Membership, Team
from accounts.models.throttle import Throttle
from accounts.models.user import User

__all__ = ["InvitationRound", "Membership", "SignInSlip", "StagedFile", "StagedRow", "Team", "Throttle", "User"]
