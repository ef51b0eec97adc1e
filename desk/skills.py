"""The skills of a course, by which objectives are grouped, below its title."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.models import Skill
from courses.models.course import free_key, key_from
from desk.bundles.forms import MOST_SKILLS
from notices.admin import StaffInline

if TYPE_CHECKING:
    SkillModelForm = forms.ModelForm[Skill]
else:
    SkillModelForm = forms.ModelForm


class SkillForm(SkillModelForm):
    def clean_title(self) -> str:
        """Two of one name could not be told apart where an objective chooses one."""
        title: str = self.cleaned_data["title"]
        others = Skill.objects.filter(course=self.instance.course_id, title__iexact=title).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("The course has a skill of this name already."))
        return title


class SkillInline(StaffInline):
    model = Skill
    form = SkillForm
    fields = ("title",)
    can_delete = False  # objectives name it
    max_num = MOST_SKILLS
    verbose_name = gettext_lazy("skill")
    verbose_name_plural = gettext_lazy("What people practice in it")


def place(skill: Skill) -> None:
    """Give a new one a key that the course does not have yet, behind all others."""
    if skill.pk:
        return
    there = Skill.objects.filter(course=skill.course_id)
    number = (there.aggregate(last=Max("position"))["last"] or 0) + 1
    key = key_from(skill.title, 40) or "skill"
    skill.position, skill.key = number, free_key(key, set(there.values_list("key", flat=True)))
