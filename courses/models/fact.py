from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.markdown import Fact
from courses.models.course import Course, validate_key


class CompanyFact(models.Model):
    """What a company decides for itself, such as its returns window: shown in a lesson by `::: fact key`.

    Title and default come from the course files; `text` is the company's own, which no load ever touches.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="facts", verbose_name=_("course"))
    key = models.SlugField(_("key"), validators=[validate_key])
    title = models.CharField(_("title"), max_length=100)
    default = models.TextField(_("what the course says"))
    text = models.TextField(
        _("what your company says"),
        blank=True,
        max_length=5000,
        help_text=_("Lessons show it at once, instead of what the course says. Leave it empty to go back to that."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("company fact")
        verbose_name_plural = _("company facts")
        ordering = ["course", "position"]
        constraints = [models.UniqueConstraint(fields=["course", "key"], name="fact_key_once_a_course")]

    def __str__(self) -> str:
        return self.title

    @property
    def shown(self) -> Fact:
        return Fact(self.title, self.default, self.text)
