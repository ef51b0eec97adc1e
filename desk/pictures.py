"""Pictures for editors: upload, say what they show, see where they are used, replace, retire."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import WithUnshown
from accounts.sessions import signed_in
from courses import images, markdown
from courses.models import Image, Lesson, LessonRevision
from courses.models.course import key_from
from desk.parts import image_markdown
from notices.admin import StaffAdmin

if TYPE_CHECKING:
    ImageModelForm = forms.ModelForm[Image]
else:
    ImageModelForm = forms.ModelForm

TYPES = "image/png,image/jpeg,image/webp,image/gif"
Uses = dict[tuple[int, str], list[Lesson]]


class PictureField(forms.FileField):
    """A file that is a picture; cleaned, it is the picture as it will be kept."""

    widget = forms.FileInput(attrs={"accept": TYPES, "class": "form-control"})

    def clean(self, data: Any, initial: Any = None) -> images.CleanImage:
        file = super().clean(data, initial)
        try:
            return images.read_image(file.read(images.LARGEST_FILE + 1))
        except images.BadImage as error:
            raise forms.ValidationError(str(error)) from error


def picture_field() -> PictureField:
    return PictureField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "PNG, JPEG, WebP or GIF, 10 MB at most. It is made small enough for a page, and what a camera noted in "
            "it, such as the place, is taken out."
        ),
    )


class UploadForm(WithUnshown, ImageModelForm):
    """A new picture. Its words come with it, for there are people who do not see it."""

    file = picture_field()

    class Meta:
        model = Image
        fields = ("course", "title", "alt", "credit", "key")

    field_order = ("course", "file", "title", "alt", "credit", "key")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = False
        self.fields["key"].help_text = _("What lessons call it by. Left empty, it is made from the title.")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("key") and data.get("title") and "key" not in self.errors:
            data["key"] = key_from(data["title"], 80)
            if not data["key"]:
                self.add_error("key", _("Write one: this title has no letters to make it from."))
        if data.get("file") and data.get("course"):
            refuse_twin(self, data["file"], data["course"].pk)
        return data

    def unshown(self) -> set[str]:
        """Keys are unique among the pictures in use, and a new one is."""
        return {"retired_at"}


class PictureForm(ImageModelForm):
    class Meta:
        model = Image
        fields = ("title", "alt", "credit")


class ReplaceForm(forms.Form):
    """Another file for the same key: lessons show it at once."""

    file = picture_field()

    def __init__(self, image: Image, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.image = image

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("file"):
            refuse_twin(self, data["file"], self.image.course_id)
        return data


def refuse_twin(form: forms.BaseForm, clean: images.CleanImage, course: int) -> None:
    twin = Image.objects.in_use().filter(course=course, content_hash=clean.content_hash).first()
    if twin:
        text = _("This course has this very picture already: “%(title)s”, with the key %(key)s.")
        form.add_error("file", text % {"title": twin.title, "key": twin.key})


def uses_of_pictures() -> Uses:
    """By course and key: the lessons whose draft or published text shows a picture. One query."""
    texts = LessonRevision.objects.current().filter(body__contains="image:", lesson__retired_at=None)
    found: Uses = defaultdict(list)
    for revision in texts.select_related("lesson").order_by("lesson__position", "number"):
        revision.lesson.draft_title = revision.title  # type: ignore[attr-defined]  # for the page
        for key in dict.fromkeys(markdown.image_keys(revision.body)):
            known = found[revision.lesson.course_id, key]
            known[:] = [lesson for lesson in known if lesson.pk != revision.lesson_id] + [revision.lesson]
    return found


class UseFilter(admin.SimpleListFilter):
    title = gettext_lazy("use")
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("used", _("In a lesson")), ("unused", _("In no lesson")), ("retired", _("Replaced or retired"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "retired":
            return queryset.filter(retired_at__isnull=False)
        if self.value() not in ("used", "unused"):
            return queryset.in_use()
        used = Q(pk__in=[])
        for course, key in uses_of_pictures():
            used |= Q(course=course, key=key)
        return queryset.in_use().filter(used if self.value() == "used" else ~used)


@admin.register(Image)
class ImageAdmin(StaffAdmin):
    form = PictureForm
    list_display = ("preview", "title", "key", "course", "size", "used")
    list_display_links = ("title",)
    list_filter = (UseFilter,)
    list_select_related = ("course",)
    search_fields = ("title", "key", "alt")
    search_help_text = gettext_lazy("Title, key or what it shows")
    ordering = ("course", "title", "pk")
    sortable_by = ()
    list_title = gettext_lazy("Pictures")
    list_intro = gettext_lazy("What editors uploaded. Lessons show a picture by its key.")
    add_title = gettext_lazy("Upload a picture")
    change_form_template = "admin/courses/image/change_form.html"
    readonly_fields = ("key", "size")

    def get_form(self, request: HttpRequest, obj: Image | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if obj else {"form": UploadForm}), **kwargs)

    def get_fields(self, request: HttpRequest, obj: Image | None = None) -> Any:
        return ("title", "alt", "credit", "key", "size") if obj else UploadForm.field_order

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # texts that were read show it

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        uses = uses_of_pictures()
        for image in changelist.result_list:
            image.uses = uses.get((image.course_id, image.key), [])
        return changelist

    @admin.display(description=gettext_lazy("picture"))
    def preview(self, image: Image) -> str:
        return render_to_string("desk/thumbnail.html", {"image": image})

    @admin.display(description=gettext_lazy("size"))
    def size(self, image: Image) -> str:
        return _("%(width)d × %(height)d pixels") % {"width": image.width, "height": image.height}

    @admin.display(description=gettext_lazy("used"))
    def used(self, image: Any) -> str:
        if not image.uses:
            return _("In no lesson")
        words = ngettext("In %(n)d lesson", "In %(n)d lessons", len(image.uses))
        return words % {"n": len(image.uses)}

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        image = self.get_object(request, object_id)
        context = {"uses": uses_of(image), "markdown": image_markdown(image)} if image else {}
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        if change:
            return super().save_model(request, obj, form, change)
        obj.uploaded_by = signed_in(request)
        keep(obj, form.cleaned_data["file"])
        return None

    # --- Pages of our own --------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/replace/", wrap(self.replace), name="courses_image_replace"),
            path("<int:pk>/retire/", wrap(self.retire), name="courses_image_retire"),
        ]
        return [*own, *super().get_urls()]

    def replace(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Another file under the same key; the one that was there stays with the texts that were read."""
        image = self.get_to_change(request, pk)
        form = ReplaceForm(image, request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid() and image.is_in_use:
            new = replaced(image, form.cleaned_data["file"], signed_in(request))
            self.log_change(request, new, "Replaced the picture")
            messages.success(request, _("Replaced. Lessons show the new picture from now on."))
            return HttpResponseRedirect(self.url("change", new.pk))
        title, back = _("Replace “%(title)s”") % {"title": image.title}, self.url("change", image.pk)
        context = {"form": form, "sentences": reach(image), "button": _("Replace it"), "back": back}
        return self.page(request, "desk/confirm.html", title, image, **context)

    def retire(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a picture out of what one can put in; lessons that show it go on showing it."""
        image = self.get_to_change(request, pk)
        back = self.url("change", image.pk)
        if request.method == "POST":
            if Image.objects.in_use().filter(pk=image.pk).update(retired_at=timezone.now()):
                self.log_change(request, image, "Retired")
            messages.success(request, _("Retired. Nobody can put it into a lesson anew."))
            return HttpResponseRedirect(back)
        title = _("Retire “%(title)s”?") % {"title": image.title}
        sentences = [_("Lessons that show it go on showing it; it cannot be put in anew."), *reach(image)]
        context = {"sentences": sentences, "button": _("Retire it"), "back": back}
        return self.page(request, "desk/confirm.html", title, image, **context)


def uses_of(image: Image) -> list[Lesson]:
    return uses_of_pictures().get((image.course_id, image.key), [])


def reach(image: Image) -> list[str]:
    lessons = uses_of(image)
    if not lessons:
        return [_("No lesson shows it.")]
    words = ngettext("%(n)d lesson shows it: %(titles)s.", "%(n)d lessons show it: %(titles)s.", len(lessons))
    titles = ", ".join(lesson.draft_title for lesson in lessons)  # type: ignore[attr-defined]  # set above
    return [words % {"n": len(lessons), "titles": titles}]


def keep(image: Image, clean: images.CleanImage) -> None:
    """Write the file and the row; of two uploads at the same instant, one leaves neither."""
    images.store(image, clean)
    try:
        with transaction.atomic():
            image.save()
    except IntegrityError:
        images.forget(image)
        raise


@transaction.atomic
def replaced(image: Image, clean: images.CleanImage, by: Any) -> Image:
    """The row that takes the key over; a second click finds that of the first."""
    if not Image.objects.in_use().filter(pk=image.pk).update(retired_at=timezone.now()):
        return Image.objects.named(image.course, [image.key])[image.key]
    words = {name: getattr(image, name) for name in ("title", "alt", "credit")}
    new = Image(course=image.course, key=image.key, uploaded_by=by, **words)
    keep(new, clean)
    return new
