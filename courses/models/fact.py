from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.markdown import Fact
from courses.models.course import Course, validate_key

LONGEST = 5000  # characters
LINE = 80  # characters; what the course says in so many is asked for in one line


class CompanyFact(models.Model):
    """What a company decides for itself, such as its returns window: shown in a lesson by `::: fact key`.

    `text` is the company's own, which no load ever touches. All else comes from the course files; group and hint are
    for those who write it.
    """

    course = models.ForeignKey(Course, models.PROTECT, related_name="facts", verbose_name=_("course"))
    key = models.SlugField(_("key"), validators=[validate_key])
    title = models.CharField(_("title"), max_length=100)
    default = models.TextField(_("what the course says"))
    text = models.TextField(
        _("what your company says"),
        blank=True,
        max_length=LONGEST,
        help_text=_("Lessons show it at once, instead of what the course says. Leave it empty to go back to that."),
    )
    group = models.CharField(_("group"), max_length=100, blank=True)
    hint = models.CharField(_("what to write"), max_length=300, blank=True)
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

    @property
    def is_line(self) -> bool:
        """Whether the course says it in a few words, such as a number or an address."""
        return len(self.default) <= LINE and "\n" not in self.default
